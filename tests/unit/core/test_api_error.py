import pytest

from catalog.core.api_error import error_message
from catalog.core.strict_json import Json


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"error": "no models for you"}, "no models for you"),
        ({"error": {"message": "quota spent"}}, "quota spent"),
        ({"error": {"code": "denied", "description": "no scope"}}, "denied: no scope"),
        ({"error": {"code": 403, "message": "no", "status": "DENIED"}}, "DENIED: no"),
        ({"error": {"code": "denied"}}, "denied"),
        ({"errors": [{"detail": "late"}, {"detail": "later"}]}, "late"),
        ({"error": "", "errors": ["second"]}, "second"),
        ({"error": None}, ""),
        ({"error": {}}, ""),
        ({"error": {"message": " "}}, ""),
        ({"errors": []}, ""),
        ({"error": 7}, ""),
        ({"data": []}, ""),
        (["error"], ""),
        (None, ""),
    ],
)
def test_the_message_of_an_error(body: Json, text: str) -> None:
    """The provider's message is found in each documented shape, and nowhere else."""
    assert error_message(body) == text
