"""How a value moved, by its meaning."""

import pytest

from catalog.changes.change import Updated
from catalog.changes.values import attribute_within, moves
from catalog.core.strict_json import canonical
from tests.support.builders import model


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ("$1.00 / 1M", "$2.00 / 1M", {"raised"}),
        ("JPY 1,000", "JPY 900.5", {"lowered"}),
        ("$1.0", "$1.00", {"respelled"}),
        ("$1", "$30", {"raised", "jump"}),
        ("$1 / 1M", "$2 / 1K", set()),
        ("$1 in, $2 out", "$2 in, $3 out", set()),
        ("$1", "1 EUR", set()),
    ],
)
def test_prices_with_their_currency(before: str, after: str, moved: set[str]) -> None:
    """Texts of prices are compared by their amount, if nothing else differs."""
    update = Updated(model(), "price", canonical(before), canonical(after))
    assert moves(update, "price") == moved
    assert moves(update, "context_limit") == set()


@pytest.mark.parametrize(
    ("field", "attribute", "found"),
    [
        ("cost.tiers.0.tier.size", "price", None),
        ("pricing.1.conditions.lt", "price", None),
        ("pricing.1.value", "price", "price"),
        ("to", "context_limit", "context_limit"),
        ("size", None, None),
    ],
)
def test_the_threshold_of_a_price_is_no_price(
    field: str, attribute: str | None, found: str | None
) -> None:
    """A tier that begins at more tokens does not cost more."""
    assert attribute_within(field, attribute) == found
