"""Judge the uses of model names by the catalog."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType

from catalog.changes.finding import Level
from catalog.changes.forecast import Forecast
from catalog.check.known import Known, Listing
from catalog.check.lock import Locked
from catalog.check.notice import CHECK_RULES, Notice
from catalog.check.scan.uses import Scanned, Use
from catalog.check.suggest import Suggestions
from catalog.core.clock import stamp
from catalog.core.strict_json import Json


@dataclass(frozen=True)
class Terms:
    """The facts and settings of a judgment.

    `suggestions` searches the listing. `today` is in UTC. Models that end more than `within` from
    now are reported as info. `locked` has the lock's entries by name, and `levels` the configured
    levels by rule.
    """

    suggestions: Suggestions
    today: date
    within: timedelta = timedelta(days=30)
    locked: Mapping[str, Locked] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)

    @property
    def listing(self) -> Listing:
        """Return every name that the provider ever listed."""
        return self.suggestions.listing


def judge(scanned: Sequence[Scanned], terms: Terms) -> tuple[Notice, ...]:
    """Return the problems of all uses, ordered by file and line.

    All uses count, see counting.py. Ignore comments are not applied yet.
    """
    notices = (notice for each in scanned for use in each.uses for notice in _of_use(use, terms))
    return tuple(sorted(notices, key=lambda notice: notice.order))


def _of_use(use: Use, terms: Terms) -> Iterator[Notice]:
    known = terms.listing.names.get(use.means)
    if known is None:
        if use.kind == "use":
            yield _unknown(use, terms)
        return
    ending = _of_end(use, known, terms)
    if use.kind == "mention":
        yield from (replace(notice, level=Level.INFO) for notice in ending)
        return
    yield from ending
    if not ending or ending[0].rule == "retiring":
        yield from _limit(use, known, terms)
        yield from _changed(use, known, terms)


def _of_end(use: Use, known: Known, terms: Terms) -> tuple[Notice, ...]:
    """Return a notice if the model is removed, refused or ending."""
    end = known.forecast
    facts = _facts(known)
    if known.is_listed and (known.meaning == "gone" or end is None):
        return _by_status(use, known, terms)
    where = _departure(known, terms.listing)
    if end is not None and end.basis == "proved":
        return (_with_successors(_refused(use, known, where, facts, terms), known, terms),)
    if end is None or end.until < terms.today:
        text = f"{where}{_ended(known, end)}"
        return (_with_successors(_notice(use, "delisted", text, facts, terms), known, terms),)
    left = (end.until - terms.today).days
    facts["days_left"] = left
    text = f"{where}; {_ending(end.basis)} {end.until} ({_days(left)} left)"
    notice = _notice(use, "retiring", text, facts, terms)
    if timedelta(days=left) > terms.within:
        notice = replace(notice, level=Level.INFO)
    return (_with_successors(notice, known, terms),)


def _by_status(use: Use, known: Known, terms: Terms) -> tuple[Notice, ...]:
    """Return a notice if a listed model's status announces its end."""
    if known.meaning not in {"ending", "gone"}:
        return ()
    rule = "delisted" if known.meaning == "gone" else "retiring"
    text = f"listed by {terms.listing.provider} with the status {known.model.status}"
    facts: dict[str, Json] = {**_facts(known), "status": known.model.status}
    return (_with_successors(_notice(use, rule, text, facts, terms), known, terms),)


def _departure(known: Known, listing: Listing) -> str:
    if known.gone_since is not None and known.is_alias:
        return (
            f"no longer an alias of {known.model.name} in {listing.provider}'s catalog"
            f" since {known.gone_since:%Y-%m-%d}"
        )
    if known.gone_since is not None:
        return f"gone from {listing.provider}'s catalog since {known.gone_since:%Y-%m-%d}"
    if known.gone_before is not None:
        return f"gone from {listing.provider}'s catalog since before {known.gone_before}"
    return f"listed by {listing.provider}"


def _ended(known: Known, end: Forecast | None) -> str:
    answered = ""
    if known.proof is not None:
        answered = f"; a call still got an answer on {known.proof.at:%Y-%m-%d}"
    if end is None:
        return answered
    return f"; calls were expected to work until {end.until} ({end.ground}){answered}"


def _ending(basis: str) -> str:
    return "announced to end on" if basis == "announced" else "calls work until at least"


def _refused(use: Use, known: Known, where: str, facts: dict[str, Json], terms: Terms) -> Notice:
    proof = known.proof
    quote = "" if proof is None or not proof.said else f': "{proof.said}"'
    at = "" if proof is None else f" on {proof.at:%Y-%m-%d}"
    return _notice(use, "refused", f"{where}; a call was refused{at}{quote}", facts, terms)


def _unknown(use: Use, terms: Terms) -> Notice:
    """Report an unknown name, with the similar one that is probably meant."""
    near = terms.suggestions.meant(use.bare)
    text = f"no catalog of {terms.listing.provider} ever had a model of this name"
    notice = _notice(use, "unknown", text, {}, terms)
    if near is None:
        return notice
    gone = "" if near.is_listed else f" ({_departure(near, terms.listing)})"
    return replace(
        notice,
        instead=f"did you mean {near.name}?{gone}",
        facts=MappingProxyType({"did_you_mean": near.name}),
    )


def _limit(use: Use, known: Known, terms: Terms) -> Iterator[Notice]:
    if use.limit is None or known.limit is None or use.limit <= known.limit:
        return
    what = use.limit_place or "the number beside it"
    text = f"{what} is {use.limit:,}, and the model takes {known.limit:,} tokens"
    facts = {"written": use.limit, "limit": known.limit}
    notice = _notice(use, "limit", text, facts, terms)
    if use.limit_line is not None:
        notice = replace(notice, line=use.limit_line, column=1)
    yield replace(notice, instead=f"at most {known.limit:,}")


def _changed(use: Use, known: Known, terms: Terms) -> Iterator[Notice]:
    """Report changes since the lock: another model, type, or lower limit."""
    locked = terms.locked.get(use.means)
    if locked is None:
        return
    swaps = [swap for swap in known.swaps if swap.at > locked.at]
    parts = [
        f"the name means another model since {swap.at:%Y-%m-%d}: "
        f"{swap.before or 'nothing'} → {swap.after or 'nothing'}"
        for swap in swaps[-1:]
    ]
    if locked.type != known.model.type:
        parts.append(f"its type was {locked.type}, and is {known.model.type}")
    if locked.limit is not None and (known.limit is None or known.limit < locked.limit):
        now = "unknown" if known.limit is None else f"{known.limit:,} tokens"
        parts.append(f"its limit was {locked.limit:,} tokens, and is {now}")
    if parts:
        text = f"{'; '.join(parts)} (locked on {locked.at:%Y-%m-%d})"
        facts: dict[str, Json] = {"locked_at": stamp(locked.at)}
        facts |= {"changed_at": stamp(swaps[-1].at)} if swaps else {}
        notice = _notice(use, "changed", text, facts, terms)
        yield replace(notice, instead="try it, then write the lock again with --write-lock")


def _with_successors(notice: Notice, known: Known, terms: Terms) -> Notice:
    text, facts = terms.suggestions.instead(known)
    return replace(notice, instead=text, facts=MappingProxyType({**notice.facts, **facts}))


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _facts(known: Known) -> dict[str, Json]:
    facts: dict[str, Json] = {}
    if known.gone_since is not None:
        facts["gone_since"] = stamp(known.gone_since)
    if known.gone_before is not None:
        facts |= {"gone_before": known.gone_before.isoformat(), "source": known.source}
    if (end := known.forecast) is not None:
        facts |= {"callable_until": end.until.isoformat(), "basis": end.basis}
    return facts


def _notice(use: Use, rule: str, text: str, facts: Mapping[str, Json], terms: Terms) -> Notice:
    level = terms.levels.get(rule, CHECK_RULES[rule].level)
    if use.means not in {"", use.name}:
        text, facts = f"{text}; written as {use.name}", {**facts, "written": use.name}
    return Notice(
        path=use.path,
        line=use.line,
        column=use.column,
        rule=rule,
        level=level,
        name=use.means or use.name,
        text=text,
        facts=MappingProxyType(dict(facts)),
    )
