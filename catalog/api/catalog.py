"""Define `Catalog`, the Python interface of this package."""

import logging
import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from catalog.api import check as checks
from catalog.api import compare, reads
from catalog.api.sync import dry_database
from catalog.api.values import ModelDetails
from catalog.api.when import Moment, When, read_moment
from catalog.changes.finding import Finding, Level
from catalog.changes.poll import Pass
from catalog.check import lock
from catalog.check.known import Listing
from catalog.check.result import FAIL_ON, CheckResult
from catalog.config.build import wire_http, wire_provider, wire_scheduled
from catalog.config.load import Loaded, load
from catalog.config.settings import Settings
from catalog.core.errors import ArgumentInvalid, NotFound
from catalog.core.snapshot import Model, Snapshot
from catalog.core.text import closest, did_you_mean
from catalog.providers.provider import Provider
from catalog.report.sentences import drift_sentence
from catalog.store.database import Database, Transaction
from catalog.sync.sync import Options

logger = logging.getLogger(__name__)

AnyPath = str | PathLike[str]
FailOn = Literal["breaking", "warning", "info", "never"]
LevelName = Literal["breaking", "warning", "info", "quiet"]
State = Moment | PathLike[str] | Snapshot
"""One side of a comparison. A `Path` is a payload file, text is a time such as `yesterday`."""


class Catalog:
    """The catalogs of one configuration: poll, read, compare, check code.

    Open it with `Catalog.open`, best in a `with` statement. Two open ones share nothing. Every
    method raises only `CatalogError` and its subclasses. `provider` is the name of a
    configured provider. It is needed only if several are configured.
    """

    def __init__(self, loaded: Loaded, environ: Mapping[str, str]) -> None:
        """Use `Catalog.open` instead, because these arguments may change."""
        self._loaded = loaded
        self._environ = environ
        self._database = Database(loaded.settings.database)

    @classmethod
    def open(
        cls,
        config: AnyPath | None = None,
        *,
        database: AnyPath | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Read the settings, or raise SettingsInvalid with every error.

        `config` and `database` are the options of the same names before a command: a TOML file, and
        an SQLAlchemy URL or the path of an SQLite file. Without `config`, the file is found as by
        the command. `environ` replaces the environment variables. The database is opened by the
        first method that needs it.
        """
        if config is not None and _is_database(os.fspath(config)):
            hint = f"Write Catalog.open(database={os.fspath(config)!r})."
            raise ArgumentInvalid(f"config: {config} is a database", hint=hint)
        given = {} if database is None else {"database": os.fspath(database)}
        variables = dict(os.environ if environ is None else environ)
        file = None if config is None else Path(config)
        return cls(load(file, given, variables, files=False), variables)

    def close(self) -> None:
        """Close the connections to the database. A later call opens new ones."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Catalog of {', '.join(self.providers)} in {self._database.place}>"

    @property
    def providers(self) -> tuple[str, ...]:
        """Return the names of the configured providers."""
        return tuple(each.one.name for each in self._loaded.settings.each)

    def sync(
        self,
        *,
        accept: bool = False,
        dry_run: bool = False,
        raise_errors: bool = True,
        provider: str | None = None,
    ) -> Pass:
        """Poll one provider: store, judge, write the document, send the messages.

        The document is written only if the setting `document.path` is given. `accept` applies an
        answer that would be held, which means not applied until it is confirmed. A dry run writes
        and sends nothing. Raise the error of the pass after it is complete: ProviderError,
        PayloadInvalid, CatalogHeld or DocumentError. Without `raise_errors` it is only in
        `Pass.error`.
        """
        loaded = self._load_secrets()
        settings = _one(loaded, provider)
        with wire_http(loaded.settings) as http:
            if dry_run:
                with closing(dry_database(settings, self._database)) as other:
                    work = wire_scheduled(settings, loaded, other, http)
                    result = work.sync.run(Options(accept=accept, dry_run=True))
            else:
                work = wire_scheduled(settings, loaded, self._database, http)
                result = work.run_now(accept=accept)
        if result.error is not None and raise_errors:
            raise result.error
        return result

    def snapshot(self, at: Moment | None = None, *, provider: str | None = None) -> Snapshot:
        """Return the accepted state at a time, by default the current one.

        `at` is a time, a day (its end), a snapshot number, or text such as `7d` or `2025-12-23`.
        Raise NotFound if there was none yet.
        """
        return self._snapshot(_one(self._loaded, provider).one.name, read_moment(at, "at"))

    def models(self, at: Moment | None = None, *, provider: str | None = None) -> tuple[Model, ...]:
        """Return the listed models in the order of their ids. See `snapshot` for `at`."""
        return self.snapshot(at, provider=provider).models

    def model(
        self, name: str, at: Moment | None = None, *, provider: str | None = None
    ) -> ModelDetails:
        """Return everything that is stored about one model, listed or not.

        `name` is its name or id. Without `provider` it is searched in all of them. Raise NotFound
        if no provider has it, and ArgumentInvalid if several have it.
        """
        when = read_moment(at, "at")
        with self._database.reading() as connection:
            place = self._find(connection, name, when, provider)
            settings = _one(self._loaded, place.provider)
            wired = wire_provider(settings.one)
            return reads.read_details(connection, wired, place, is_current=at is None)

    def changes(
        self,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        level: Level | LevelName | None = None,
        model: str | None = None,
        provider: str | None = None,
    ) -> tuple[Finding, ...]:
        """Return the recorded changes of one or all providers, oldest first.

        `since` is inclusive, and a day means its beginning. `until` is inclusive too, and a day
        means its end. `level` selects a level and all that are more severe, by default all but
        `quiet`. `model` is a name or id, and selects changes under earlier ids too.
        """
        begin, end = read_moment(since, "since", "start"), read_moment(until, "until")
        levels = reads.levels_from(level and _known(level, "level", tuple(Level)))
        with self._database.reading() as connection:
            places: list[reads.Place | str] = [*self._names(provider)]
            if model is not None:
                places = [self._find(connection, model, None, provider)]
            filters = reads.change_filters(connection, places, begin, end, levels)
            return reads.read_changes(connection, filters)

    def diff(self, a: State, b: State, *, provider: str | None = None) -> tuple[Finding, ...]:
        """Return the differences between two states, most severe first.

        A state is a time as in `snapshot`, a Snapshot, or the Path of a payload file. The findings
        have no number, because they are not stored. Raise PayloadInvalid for an invalid file.
        """
        settings = _one(self._loaded, provider)
        wired = wire_provider(settings.one)
        sides = (self._side(a, "a", wired), self._side(b, "b", wired))
        before, after = compare.comparable(*sides)
        gone = {}
        if after.number is not None:
            with self._database.reading() as connection:
                gone = reads.read_gone(connection, wired.name, after.number)
        return compare.compare(before, after, wired, settings.rules, gone)

    def check(
        self,
        paths: AnyPath | Iterable[AnyPath],
        *,
        within: timedelta | None = None,
        fail_on: Level | FailOn | None = None,
        provider: str | None = None,
    ) -> CheckResult:
        """Find uses of gone, ending or unknown models in code.

        `paths` are files and folders. A model that ends `within` this span is a warning. `fail_on`
        is the least severe level that fails the check. The defaults are the settings `check.within`
        and `check.fail_on`. Without a database, the shipped history of Infomaniak is used.
        Files are read in forked processes, so no other thread may run meanwhile.
        """
        settings = _one(self._loaded, provider)
        default, files = settings.check, _files(paths)
        listing, source = self._listing(settings)
        found = checks.find_uses(files, listing, settings)
        locked = lock.by_name(lock.read(default.lock), listing.provider)
        notices = checks.judge_uses(found, within or default.within, locked, settings.rules)
        least = FAIL_ON.get(_known(fail_on or default.fail_on, "fail_on", (*FAIL_ON, "never")))
        return CheckResult(notices, found.scanned, listing, source, least, found.uncounted)

    def _load_secrets(self) -> Loaded:
        """Read the settings of a pass again, with their secrets.

        The files of secrets may have been replaced since.
        """
        given = {"database": self._loaded.settings.database}
        if "document.path" not in self._loaded.sources:
            given["document.path"] = ""  # because a program expects no file in its working folder
        loaded = load(self._loaded.file, given, self._environ, here=False)
        # Without identity, later commands cannot use the fast path, because their document may be
        # another one.
        return replace(loaded, identity=None)

    def _names(self, provider: str | None) -> tuple[str, ...]:
        return self.providers if provider is None else (_one(self._loaded, provider).one.name,)

    def _find(
        self, connection: Transaction, model: str, at: When | None, provider: str | None
    ) -> reads.Place:
        found = reads.find_places(connection, self._names(provider), model, at)
        if len(found) > 1:
            raise _several(f"several providers have {model!r}", [each.provider for each in found])
        return found[0]

    def _side(self, state: State, name: str, provider: Provider) -> compare.Side:
        """Return one side of a comparison. Log the ignored rows of a file."""
        if isinstance(state, Snapshot):
            if state.provider != provider.name:
                raise ArgumentInvalid(
                    f"{name}: a snapshot of {state.provider}, not {provider.name}"
                )
            return compare.Side(state)
        if not isinstance(state, PathLike):
            return compare.Side(self._snapshot(provider.name, _moment_or_file(state, name)))
        side = compare.read_side(Path(state), provider)
        for row in side.refused:
            logger.warning("%s: a row is left out: %s", state, row.problem)
        for drift in side.repeated:
            logger.warning("%s: %s", state, drift_sentence(drift))
        return side

    def _snapshot(self, provider: str, at: When | None) -> Snapshot:
        with self._database.reading() as connection:
            return reads.read_snapshot(connection, provider, at)

    def _listing(self, settings: Settings) -> tuple[Listing, str]:
        provider = wire_provider(settings.one)
        if checks.is_there(settings.database):
            return checks.stored_listing(self._database, provider), "database"
        return checks.shipped_listing(settings.one, provider), checks.SHIPPED


def _is_database(config: str) -> bool:
    return "://" in config or config.endswith((".db", ".sqlite", ".sqlite3"))


def _one(loaded: Loaded, provider: str | None) -> Settings:
    """Return the settings of one provider, or raise ArgumentInvalid."""
    each = {settings.one.name: settings for settings in loaded.settings.each}
    if provider is not None:
        return each[_known(provider, "provider", tuple(each))]
    if len(each) > 1:
        raise _several("several providers are configured", each)
    return next(iter(each.values()))


def _several(what: str, providers: Iterable[str]) -> ArgumentInvalid:
    return ArgumentInvalid(what, hint=f"Give provider=…, one of: {', '.join(providers)}.")


def _known(value: str, name: str, allowed: Collection[str]) -> str:
    """Return an allowed value, or raise ArgumentInvalid."""
    if value in allowed:
        return value
    meant = did_you_mean(closest(value, allowed))
    hint = f"There are: {', '.join(allowed)}."
    raise ArgumentInvalid(f"{name}: there is no {value!r}{meant}", hint=hint)


def _moment_or_file(moment: Moment, name: str) -> When | None:
    try:
        return read_moment(moment, name)
    except ArgumentInvalid as error:
        error.hint = f"Write {name} as a pathlib.Path if it is a payload file."
        raise


def _files(paths: AnyPath | Iterable[AnyPath]) -> tuple[Path, ...]:
    """Return the paths to check, or raise NotFound for a missing one."""
    several = [paths] if isinstance(paths, str | PathLike) else paths
    files = tuple(map(Path, several))
    if not files:
        raise ArgumentInvalid("paths: at least one file or folder is needed")
    for file in files:
        try:
            file.stat()
        except OSError as error:
            raise NotFound(f"paths: cannot read {file}: {error.strerror}") from None
    return files
