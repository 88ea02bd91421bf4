from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.changes.successors import BEST, Difference, Successor, differences, successors
from catalog.core.snapshot import Model
from tests.support.builders import model

OLD = model("1", "qwen3", description="Qwen/Qwen3-VL", max_token_input=262144)
BETA = {"is_beta": True}
V1 = "https://developer.infomaniak.com/docs/api/post/1/ai/%7Bproduct_id%7D/openai/chat/completions"

models = st.builds(
    lambda key, name, limit, beta, status, kind: model(
        str(key), name, kind, max_token_input=limit, meta={"is_beta": beta}, info_status=status
    ),
    key=st.integers(2, 40),
    name=st.sampled_from(["alpha", "org/beta", "Qwen/gamma", "qwen4", "qwen3"]),
    limit=st.sampled_from([None, 128, 200_000, 262_144, 400_000]),
    beta=st.booleans(),
    status=st.sampled_from(["ready", "coming_soon"]),
    kind=st.sampled_from(["llm", "stt"]),
)


def names(*listed: Model, noted: str | None = None) -> list[str]:
    """Return the names of the successors of the old model, best first."""
    return [each.name for each in successors(OLD, listed, noted)]


def test_a_model_of_the_same_type_with_as_much_room_comes_before_a_nearer_name() -> None:
    """Type and context limit precede a similar name."""
    small = model("2", "qwen3-next", max_token_input=200_000)
    large = model("3", "kimi", max_token_input=262_144)
    speech = model("4", "qwen3-audio", "stt", max_token_input=None)
    assert names(small, large, speech) == ["kimi"]
    assert names(small, speech) == ["qwen3-next"]
    assert names(speech) == []


def test_where_none_has_as_much_room_the_nearest_come_with_the_loss() -> None:
    """The lost tokens are shown, and unknown limits are last."""
    near = model("2", "near", max_token_input=200_000)
    far = model("3", "qwen3b", max_token_input=100_000)
    unknown = model("4", "qwen3c", max_token_input=None)
    found = successors(OLD, [far, unknown, near])
    assert [each.name for each in found] == ["near", "qwen3b", "qwen3c"]
    assert [each.differences for each in found] == [
        (Difference("context", 262_144, limit),) for limit in (200_000, 100_000, None)
    ]


def test_what_loses_least_comes_first_then_vendor_then_name() -> None:
    """Beta and an unready status are losses. The route is only shown."""
    wide: dict[str, Any] = {"max_token_input": 300_000}
    beta = model("2", "qwen3a", meta=BETA, **wide)
    soon = model("3", "qwen3b", meta=BETA, info_status="coming_soon", **wide)
    vendor = model("4", "Qwen/unlike", documentation_link=V1, **wide)
    alike = model("5", "qwen3c", **wide)
    unlike = model("6", "zzz", description="other", **wide)
    assert names(soon, beta, unlike) == ["zzz", "qwen3a", "qwen3b"]
    assert names(beta, unlike, alike, vendor) == ["Qwen/unlike", "qwen3c", "zzz"]
    (route,) = differences(OLD, vendor)
    assert route.what == "route"


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (model("2", max_token_input=262_144), []),
        (model("2", max_token_input=262_143), [("context", 262_144, 262_143)]),
        (model("2", max_token_input=262_144, meta=BETA), [("beta", False, True)]),
        (
            model("2", max_token_input=262_144, info_status="coming_soon"),
            [("status", "ready", "coming_soon")],
        ),
        (model("2", type="stt", max_token_input=262_144), [("type", "llm", "stt")]),
    ],
)
def test_differences_are_losses(other: Model, expected: list[tuple[str, object, object]]) -> None:
    """Losses are shown, gains are not."""
    assert [(each.what, each.before, each.after) for each in differences(OLD, other)] == expected
    if expected and expected[0][0] != "type":
        assert differences(other, OLD) == ()


def test_the_noted_successor_comes_first_whatever_it_is() -> None:
    """The noted successor is first with its losses, also of another type or unlisted."""
    small = model("2", "small", "stt", max_token_input=None)
    large = model("3", "large", max_token_input=300_000)
    first, second = successors(OLD, [small, large], "small")
    assert (first.name, first.is_noted) == ("small", True)
    assert [each.what for each in first.differences] == ["type", "context"]
    assert second == Successor("large")
    assert successors(OLD, [large], "else")[0] == Successor("else", (), True, False)
    assert names(large, noted="large") == ["large"]


@given(st.lists(models, max_size=12, unique_by=lambda each: each.key))
def test_the_order_of_the_list_means_nothing(listed: list[Model]) -> None:
    """At most three of the same type are returned, in any input order."""
    found = successors(OLD, listed)
    assert found == successors(OLD, listed[::-1])
    of_type = {each.name for each in listed if each.type == "llm"}
    assert len(found) <= BEST
    assert {each.name for each in found} <= of_type
    enough = any((each.context_limit or 0) >= 262_144 for each in listed if each.type == "llm")
    lost = [any(each.what == "context" for each in one.differences) for one in found]
    assert not any(lost) if enough else all(lost)
