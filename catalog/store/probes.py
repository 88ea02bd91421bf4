"""Store probe results and count them against the daily budget."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update

from catalog.core.probe import Budget, Call, CallResult, Cell, Probe, Spent, Verdict
from catalog.core.strict_json import JsonText, canonical, parse
from catalog.store import tally
from catalog.store.tables import ProbeRow, col, plain, table_of, write

CUT_OFF = "cut off before it ended"
_table = table_of(ProbeRow)
_id, _at = col(ProbeRow.id), col(ProbeRow.at)
_name, _route, _verdict = col(ProbeRow.name), col(ProbeRow.route), col(ProbeRow.verdict)


def spent(connection: Connection, provider: str, now: datetime) -> Spent:
    """Return the calls and tokens of the UTC day of `now`."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.sum(col(ProbeRow.calls)), func.sum(col(ProbeRow.tokens)))
    within = (col(ProbeRow.provider) == provider, day <= _at, day + timedelta(days=1) > _at)
    calls, tokens = connection.execute(query.where(*within)).one()
    return Spent(int(calls or 0), int(tokens or 0))


def begin(
    connection: Connection, provider: str, call: Call, now: datetime, budget: Budget
) -> int | None:
    """Reserve the maximum cost of a call within the budget.

    Return the number of the probe, or None if the budget is too small. If the process dies, the
    row remains as skipped, and its cost counts.
    """
    day = spent(connection, provider, now)
    if day.calls + call.calls > budget.calls or day.tokens + call.tokens > budget.tokens:
        return None
    return _insert(connection, provider, call, now, call.calls, call.tokens, CUT_OFF)


def skip(connection: Connection, provider: str, call: Call, now: datetime, why: str) -> None:
    """Record that a call was skipped, with the reason."""
    _insert(connection, provider, call, now, 0, 0, why)


def end(connection: Connection, number: int, result: CallResult, *, believed: bool) -> None:
    """Store the result of a probe."""
    accepted = canonical(list(result.accepted)) if result.accepted else None
    values = {
        "verdict": str(result.verdict),
        "believed": believed,
        "http_status": result.http_status,
        "latency_ms": result.latency_ms,
        "calls": result.calls,
        "tokens": result.tokens,
        "answered_as": result.answered_as,
        "said": result.said,
        "accepted": accepted,
    }
    this = ("probe", "id = :number", {"number": number})
    tally.subtract(plain(connection), *this)
    connection.execute(update(table_of(ProbeRow)).where(_id == number).values(**values))
    tally.add(plain(connection), *this)


def cells(
    connection: Connection, provider: str, *of: ColumnElement[bool]
) -> dict[tuple[str, str], Cell]:
    """Return the results of every called name and route."""
    of = (col(ProbeRow.provider) == provider, *of)
    if connection.execute(select(_id).where(*of).limit(1)).first() is None:
        return {}  # because the queries below take as long as a small pass
    last = _newest(*of, col(ProbeRow.believed).is_(True)).subquery()
    query = select(_table).where(_id.in_(select(last.c.number)))
    known = {(row.name, row.route): _probe(row) for row in connection.execute(query)}
    turned = _unbroken(provider, last)
    since = {(row.name, row.route): row.since for row in connection.execute(turned)}
    waiting = _waiting(connection, last, *of)
    first_as = _first_as(connection, *of)
    return {
        place: Cell(
            name=place[0],
            route=place[1],
            key=(known.get(place) or waiting[place][-1]).key,
            last=known.get(place),
            since=since.get(place),
            waiting=tuple(waiting.get(place, ())),
            first_as=first_as.get(place),
        )
        for place in sorted(known.keys() | waiting.keys())
    }


def cell(connection: Connection, provider: str, call: Call) -> Cell:
    """Return the results of one name and route."""
    nothing = Cell(call.name, call.route, call.key)
    one = cells(connection, provider, _name == call.name, _route == call.route)
    return one.get((call.name, call.route), nothing)


def verdict_changes(connection: Connection, provider: str, key: str) -> tuple[Probe, ...]:
    """Return the confirmed calls at which a verdict of a model changed.

    They are oldest first. The first call of each route is one of them.
    """
    before = func.lag(_verdict).over(partition_by=_route, order_by=_id).label("before")
    of_model = (col(ProbeRow.provider) == provider, col(ProbeRow.key) == key)
    calls = select(_table, before).where(*of_model, col(ProbeRow.believed)).subquery()
    is_other = or_(calls.c.before.is_(None), calls.c.before != calls.c.verdict)
    rows = connection.execute(select(calls).where(is_other).order_by(calls.c.id))
    return tuple(map(_probe, rows))


def skips(connection: Connection, provider: str) -> dict[tuple[str, str], Probe]:
    """Return the last probes that were skipped, by name and route."""
    newest = _newest(col(ProbeRow.provider) == provider).subquery()
    query = select(_table).where(_id.in_(select(newest.c.number)))
    rows = connection.execute(query.where(_verdict == str(Verdict.SKIPPED)))
    return {(row.name, row.route): _probe(row) for row in rows}


def _insert(  # noqa: PLR0913, PLR0917  # one parameter for each column
    connection: Connection,
    provider: str,
    call: Call,
    now: datetime,
    calls: int,
    tokens: int,
    said: str,
) -> int:
    number = write(
        connection,
        ProbeRow,
        provider=provider,
        key=call.key,
        name=call.name,
        route=call.route,
        at=now,
        verdict=str(Verdict.SKIPPED),
        believed=False,
        calls=calls,
        tokens=tokens,
        said=said,
    )
    tally.add(plain(connection), "probe", "id = :number", {"number": number})
    return number


def _newest(*of: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    query = select(_name, _route, func.max(_id).label("number"))
    return query.where(*of).group_by(_name, _route)


def _unbroken(provider: str, last: Any) -> Select[Any]:
    rows, other = _table.alias(), _table.alias()
    newest = _table.alias()
    before = (
        select(func.coalesce(func.max(other.c.id), 0))
        .where(other.c.provider == provider, other.c.believed, other.c.verdict != newest.c.verdict)
        .where(other.c.name == newest.c.name, other.c.route == newest.c.route)
        .correlate(newest)
        .scalar_subquery()
    )
    return (
        select(newest.c.name, newest.c.route, func.min(rows.c.at).label("since"))
        .join(last, last.c.number == newest.c.id)
        .join(rows, (rows.c.name == newest.c.name) & (rows.c.route == newest.c.route))
        .where(rows.c.provider == provider, rows.c.believed, rows.c.id > before)
        .group_by(newest.c.name, newest.c.route)
    )


def _waiting(
    connection: Connection, last: Any, *of: ColumnElement[bool]
) -> Mapping[tuple[str, str], list[Probe]]:
    found: dict[tuple[str, str], list[Probe]] = defaultdict(list)
    query = (
        select(_table)
        .outerjoin(last, (last.c.name == _name) & (last.c.route == _route))
        .where(*of, _verdict != str(Verdict.SKIPPED))
        .where(func.coalesce(last.c.number, 0) < _id)
        .order_by(_id)
    )
    for row in connection.execute(query):
        found[row.name, row.route].append(_probe(row))
    return found


def _first_as(connection: Connection, *of: ColumnElement[bool]) -> dict[tuple[str, str], str]:
    named = col(ProbeRow.answered_as)
    first = (
        select(func.min(_id))
        .where(*of, named.is_not(None))
        .group_by(_name, _route)
        .scalar_subquery()
    )
    rows = connection.execute(select(_name, _route, named).where(_id.in_(first)))
    return {(row.name, row.route): row.answered_as for row in rows}


def _probe(row: Row[Any]) -> Probe:
    accepted = parse(JsonText(row.accepted)) if row.accepted else ()
    result = CallResult(
        Verdict(row.verdict),
        row.calls,
        row.tokens,
        row.http_status,
        row.latency_ms,
        row.answered_as,
        row.said,
        tuple(accepted),
    )
    return Probe(row.name, row.route, row.key, row.at, row.believed, result)
