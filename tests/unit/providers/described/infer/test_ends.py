import pytest

from catalog.core.strict_json import Json
from catalog.providers.described.infer.columns import gather
from catalog.providers.described.infer.ends import ends, successor

DAY = {"year": 2027, "month": 3, "day": 1}


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"deprecation_date": "2027-03-01"}, "deprecation_date"),
        ({"retirementDate": "2027-03-01T00:00:00Z"}, "retirementDate"),
        ({"end-of-life": "2027-03-01"}, "end-of-life"),
        ({"sunset_date": "2027-03-01 00:00 UTC"}, "sunset_date"),
        ({"deprecated": 1798000000}, "deprecated"),
        ({"deprecationDate": DAY}, "deprecationDate"),
        (
            {"deprecation": {"fine_tune": 1790000000, "inference": 1798000000}},
            "deprecation.inference",
        ),
        ({"deprecation": "2027-01-01", "shutdown_date": "2027-03-01"}, "shutdown_date"),
        ({"expiration_date": None}, "expiration_date"),
        ({"deprecation": None}, "deprecation"),
        ({"sunset_at": 0}, "sunset_at"),
        ({"deprecated": None}, None),
        ({"deprecated": True}, "deprecated"),
        ({"isRetired": False}, "isRetired"),
        ({"deprecated": True, "deprecation_date": "2027-03-01"}, "deprecation_date"),
        ({"active": True}, None),
        ({"deprecation_date": "soon"}, None),
        ({"deprecation_date": 20270301}, None),
        ({"retirement_reason": None}, None),
        ({"expires_at": "2027-03-01T00:00:00Z"}, None),
        ({"deprecation": {"_": None}}, None),
        ({"created": 1798000000}, None),
    ],
)
def test_the_field_with_the_end(row: Json, place: str | None) -> None:
    """A field named like an end counts if its values are days, times, seconds or flags."""
    found = ends(gather([row, {}]))
    assert (found and found.place) == place


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"replaced_by": "b"}, "replaced_by"),
        ({"replacementModel": None}, "replacementModel"),
        ({"deprecation_replacement_model": "b"}, "deprecation_replacement_model"),
        ({"info": {"successor": "b"}}, "info.successor"),
        ({"replacement_date": "2027-01-01"}, None),
        ({"replacement": "see the page of the model"}, None),
        ({"replacement": "https://x.example"}, None),
        ({"replaced": True}, None),
        ({"name": "b"}, None),
    ],
)
def test_the_field_with_the_successor(row: Json, place: str | None) -> None:
    """A field named like a successor counts if its values are names."""
    found = successor(gather([row, {}]))
    assert (found and found.place) == place
