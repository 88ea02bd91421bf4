"""The JSON of values that the acceptance tests do not cover."""

from datetime import date

from catalog.api.json_output import as_json, details_json
from catalog.api.values import ModelDetails
from catalog.changes.forecast import Forecast
from catalog.changes.successors import Successor
from tests.support.builders import AT, finding, model


def test_a_finding_that_is_not_stored_has_no_number() -> None:
    """Differences have no number, so their JSON has no such key."""
    assert "number" not in as_json(finding())
    assert as_json(model())["name"] == "alpha"


def test_details_have_former_ids_and_the_days_left() -> None:
    """Earlier ids are listed, and the end has the days from the given time."""
    details = ModelDetails(
        provider="infomaniak",
        snapshot=3,
        model=model(),
        first_seen=AT,
        unchanged_since=AT,
        former_keys=("9",),
        end=Forecast(date(2025, 12, 30), "announced", "a letter"),
        successors=(Successor("beta"),),
    )
    known = details_json(details, AT)
    assert (known["listed"], known["formerly"]) == (True, ["9"])
    assert known["forecast"]["days_left"] == 7
    assert known["forecast"]["successors"][0]["model"] == "beta"
    assert known["history"] == []
