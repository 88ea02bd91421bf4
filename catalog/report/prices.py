"""Describe prices and small differences that moved together."""

from collections.abc import Sequence
from decimal import Decimal

from catalog.changes.blocks import parent
from catalog.changes.change import Updated
from catalog.changes.values import is_number, number
from catalog.core.strict_json import cut, parse, undotted
from catalog.core.text import EXAMPLES, VALUE_LIMIT, examples, move

SAME = Decimal("0.005")
"""If the shares of several prices differ by less than this, they are one move."""
_WHOLE = 100
"""Percentages from here on have no fraction."""


def together(updates: Sequence[Updated], limit: int = VALUE_LIMIT) -> str:
    """Return the moves of one model, or the common moves of several.

    Numbers are prices, as in `prices 10 % up (prompt); tags +new`.
    """
    first = [each for each in updates if each.model.key == updates[0].model.key]
    same = {(each.field, each.before, each.after) for each in updates}
    own = first if len(same) == len(first) else list(updates)
    numbers = [each for each in own if _is_price(each)]
    others = [each for each in own if not _is_price(each)]
    parts = [_prices(numbers, limit)] if numbers else []
    return "; ".join([*parts, *([_listed(others, limit)] if others else [])])


def _is_price(update: Updated) -> bool:
    texts = (each for each in (update.before, update.after) if each is not None)
    return all(is_number(value) for value in map(parse, texts) if value is not None)


def _prices(updates: Sequence[Updated], limit: int) -> str:
    fields = list(dict.fromkeys(update.field for update in updates))
    start = len(undotted(parent(fields))) if parent(fields) else 0
    names = [".".join(undotted(field)[start:]) for field in fields]
    shares = [_share(update) for update in updates]
    known = [share for share in shares if share is not None]
    if len(known) == len(shares) and max(known) - min(known) <= SAME * abs(known[0]):
        return f"prices {_percent(known[0])} ({examples(names)})"
    if len(fields) < len(updates):
        return f"prices moved differently ({examples(names)})"
    return f"prices: {_listed(updates, limit, names)}"


def _listed(updates: Sequence[Updated], limit: int, names: Sequence[str] = ()) -> str:
    pairs = zip(names or [update.field for update in updates], updates, strict=True)
    moves = [
        f"{cut(name, VALUE_LIMIT)} {move(each.before, each.after, limit)}" for name, each in pairs
    ]
    more = f" and {len(moves) - EXAMPLES:,} more" if len(moves) > EXAMPLES else ""
    return f"{', '.join(moves[:EXAMPLES])}{more}"


def _share(update: Updated) -> Decimal | None:
    """Return the relative move, 0.1 for 10 % up, or None."""
    if update.before is None or update.after is None:
        return None
    old, new = number(parse(update.before)), number(parse(update.after))
    return None if old is None or new is None or old <= 0 or new < 0 else (new - old) / old


def _percent(share: Decimal) -> str:
    percent = float(abs(share)) * 100
    shown = f"{percent:,.0f}" if percent >= _WHOLE else f"{percent:.3g}"
    return f"{shown} % {'up' if share > 0 else 'down'}"
