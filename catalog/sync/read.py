"""Request the list of a provider and parse the answer."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from catalog.core.errors import CatalogError, PayloadInvalid, ProviderError
from catalog.core.payload import Answer, NotModified, Validators
from catalog.core.snapshot import Snapshot
from catalog.core.unexpected import REPORT, log_unexpected
from catalog.providers.listing import listed
from catalog.providers.provider import Provider
from catalog.store import changelog
from catalog.store.database import Database
from catalog.sync.decide import Policy, Reading
from catalog.sync.snapshot_cache import SnapshotCache
from catalog.sync.start import Start

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reader:
    """The request and the parser of one provider.

    No write transaction is open during a request, because a request may take minutes.
    """

    provider: Provider
    fetch: Callable[[Validators], Answer]
    database: Database
    policy: Policy
    cache: SnapshotCache

    def request(self, start: Start) -> Reading:
        """Return the answer, or the error of a failed poll.

        Raise every CatalogError that is not a ProviderError.
        """
        try:
            return Reading(self.fetch(start.known.validators))
        except ProviderError as error:
            return Reading(error=error)
        except CatalogError:
            raise
        except Exception as error:  # noqa: BLE001  # because an answer can cause any exception
            return self.failed(error)

    def failed(self, error: Exception) -> Reading:
        """Log an unexpected exception. Return it as a failed poll."""
        what = f"the poll of {self.provider.name} failed"
        return Reading(error=ProviderError(log_unexpected(logger, what, error), hint=REPORT))

    def read(self, start: Start, reading: Reading) -> Reading:
        """Parse the answer.

        With `removals = "again"`, request it again if models are missing.
        """
        first = self._read(start, reading)
        if self.policy.removals != "again":
            return first
        missing = self._newly_missing(start, first.candidate)
        if not missing:
            return first
        time.sleep(self.policy.again_after.total_seconds())
        unconditional = replace(start, known=replace(start.known, validators=Validators()))
        second = self._read(start, self.request(unconditional))
        if second.error is not None:
            logger.warning(
                "%s: the second request failed, so no removal is confirmed: %s",
                self.provider.name,
                second.error,
            )
            return first
        return replace(second, confirmed=missing & self._newly_missing(start, second.candidate))

    def _read(self, start: Start, reading: Reading) -> Reading:
        answer, known = reading.answer, start.known
        if answer is None:
            return reading
        if isinstance(answer, NotModified) or answer.digest == known.payload:
            return Reading(answer, self._without_missing(start))

        try:
            state, seen = self._state(start), self.cache.seen
            found = listed(answer, self.provider, state, self._bad_rows, seen)
        except PayloadInvalid as error:
            return Reading(answer, error=error)
        self.cache.seen = found.seen
        candidate = replace(found.snapshot, taken_at=start.at)
        return Reading(answer, candidate, found.drift, refused=found.refused)

    def _bad_rows(self) -> Mapping[str, int]:
        """Return the number of rows reported as refused, by key."""
        if not self.database.exists:
            return {}
        with self.database.reading() as connection:
            return changelog.bad_rows(connection, self.provider.name).counts

    def _newly_missing(self, start: Start, candidate: Snapshot | None) -> frozenset[str]:
        before, known = self._state(start), start.known
        if candidate is None or candidate.digest == known.digest or before is None:
            return frozenset()
        return frozenset(before.by_key.keys() - candidate.by_key.keys() - known.missing.keys())

    def _without_missing(self, start: Start) -> Snapshot | None:
        """Return the snapshot of a repeated answer, without its missing models.

        Return None if no model is missing.
        """
        state, missing = self._state(start), start.known.missing
        if not missing or state is None:
            return None
        models = (model for model in state.models if model.key not in missing)
        return Snapshot.of(state.provider, start.at, models)

    def _state(self, start: Start) -> Snapshot | None:
        """Return the current snapshot."""
        if start.known.number is None:
            return None
        if (cached := self.cache.cached(start.known)) is not None:
            return cached
        with self.database.reading() as connection:
            return self.cache.state(connection, start.known)
