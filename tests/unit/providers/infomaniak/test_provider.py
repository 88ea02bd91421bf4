import pytest

from catalog.core.strict_json import parse
from catalog.providers.infomaniak.provider import ATTRIBUTES, Infomaniak, model, served_by
from catalog.providers.validate import validate
from tests.support.builders import AT, MISSING, body, payload, row

DOCUMENTED = "https://developer.infomaniak.com/docs/api/post"
INFOMANIAK = Infomaniak()


def test_attributes_of_a_row() -> None:
    """The known attributes are read from Infomaniak's fields."""
    made = model(row(meta={"is_beta": True}))
    assert (made.key, made.name, made.type) == ("1", "alpha", "llm")
    assert (made.status, made.beta, made.context_limit) == ("ready", True, 32000)
    assert made.description == "Alpha 1.0"
    assert made.route == "/2/ai/{product_id}/openai/v1/chat/completions"


def test_every_fact_is_kept() -> None:
    """An unknown field stays in the facts, including nulls."""
    sent = row(future={"a": [None, 1.5]}, version=None)
    assert parse(model(sent).facts) == sent


@pytest.mark.parametrize("nothing", [None, MISSING])
def test_null_and_missing_fields_are_unknown(nothing: object) -> None:
    """A null or missing field leaves its attribute unknown."""
    optional = ("documentation_link", "description", "info_status", "max_token_input", "meta")
    made = model(row(**dict.fromkeys(optional, nothing)))
    known = (made.status, made.beta, made.context_limit, made.description, made.route)
    assert known == (None,) * 5


def test_zero_and_false_are_values() -> None:
    """A limit of zero, an empty text and false are values."""
    made = model(row(max_token_input=0, info_status="", description=""))
    assert (made.context_limit, made.status, made.description, made.beta) == (0, "", "", False)


@pytest.mark.parametrize("meta", [{}, {"is_coder": True}, {"is_beta": None}])
def test_meta_without_beta(meta: dict[str, object]) -> None:
    """A `meta` without beta leaves it unknown."""
    assert model(row(meta=meta)).beta is None


@pytest.mark.parametrize(
    ("link", "route"),
    [
        (f"{DOCUMENTED}/1/ai/%7Bproduct_id%7D/images", "/1/ai/{product_id}/images"),
        (f"{DOCUMENTED}/2/ai/{{product_id}}/v2/rerank", "/2/ai/{product_id}/v2/rerank"),
        (f"{DOCUMENTED}/1/ai?tab=try#body", "/1/ai"),
        ("https://elsewhere.example/docs/api/post/1/ai", "/1/ai"),
        (f"{DOCUMENTED}/", None),
        (DOCUMENTED, None),
        ("https://developer.infomaniak.com/docs/api/get/1/ai/models", None),
        ("https://developer.infomaniak.com/?from=/docs/api/post/1/ai", None),
        ("not a link", None),
        ("http://[", None),
        ("http://a\u2100b/docs/api/post/1/ai", None),  # a character that normalizes to a/c
        ("", None),
        (None, None),
    ],
)
def test_serving_route(link: str | None, route: str | None) -> None:
    """The path of a documentation link ends in the route, and an odd link has none."""
    assert served_by(link) == route


def test_answer_becomes_a_snapshot() -> None:
    """A valid answer becomes a snapshot of its time in the order of ids."""
    rows = [row(id=10, name="ten"), row(id=9, name="nine")]
    snapshot = INFOMANIAK.normalize(validate(payload(body(*rows)), INFOMANIAK))
    assert (snapshot.provider, snapshot.taken_at, snapshot.number) == ("infomaniak", AT, None)
    assert [model.name for model in snapshot.models] == ["nine", "ten"]


def test_lifecycle() -> None:
    """A removed model stays callable for 30 days by Infomaniak's policy."""
    assert INFOMANIAK.lifecycle.days == 30
    assert INFOMANIAK.lifecycle.ground == "Infomaniak's lifecycle policy"


def test_attributes_are_in_the_contract() -> None:
    """The contract describes each field of a known attribute."""
    for field in ATTRIBUTES:
        schema = INFOMANIAK.contract["$defs"]["model"]
        for key in field.split("."):
            schema = schema["properties"][key]
        assert schema


def test_nul_in_a_text() -> None:
    """NUL becomes U+FFFD, because PostgreSQL refuses it. The facts keep NUL."""
    read = model(row(description="a\0b", info_status="\0", documentation_link=f"{DOCUMENTED}/a%00"))
    assert (read.description, read.status, read.route) == ("a\ufffdb", "\ufffd", "/a\ufffd")
    assert "\\u0000" in read.facts
