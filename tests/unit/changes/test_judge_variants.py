"""Variants of models are grouped, and no change is lost or doubled."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from catalog.changes.diff import diff
from catalog.report.sentences import sentence
from tests.support.states import Rows, found, some, state, variants

WHOLE = some(40)


def test_variants_that_return_together_are_one() -> None:
    """Variants that return together are one finding, with separate updates."""
    back = variants(":batch", 28)
    (finding,) = found(WHOLE, [*WHOLE, *back], *(each["id"] for each in back))
    assert (finding.rule, len(finding.changes)) == ("model-restored", 28)
    assert sentence(finding) == (
        "28 :batch models restored (m00:batch, m01:batch, m02:batch and 25 more)"
    )


def test_a_removal_of_variants_says_how_long_they_can_be_called() -> None:
    """Variants removed together keep the last day of calls."""
    (finding,) = found([*WHOLE, *variants(":batch", 5)], WHOLE)
    assert str(finding.callable_until) == "2026-01-22"
    assert sentence(finding).startswith("5 :batch models removed (m00:batch, m01:batch, m02:batch")


_KEYS = st.sampled_from(["a", "b:free", "c:free", "d:free", "e:free", "f:free", "g", "v/g"])
_VALUES = st.sampled_from(
    [None, "0", 0, 1, "1", "1.0", "long text", "long", ["a", "b"], ["b", "a"]]
)
_FACTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"created": st.sampled_from([1, 2, 3])},
    optional={
        "served": st.lists(
            st.fixed_dictionaries({}, optional={"at": _VALUES, "price": _VALUES}), max_size=3
        ),
        "pricing": st.dictionaries(st.sampled_from(["prompt", "web"]), _VALUES),
        "limit": _VALUES,
        "score": _VALUES,
        "text": st.sampled_from(["long text", "long", "other"]),
        "can": st.dictionaries(st.sampled_from(["x", "y", ".", ""]), _VALUES | st.just({})),
    },
)
_STATES = st.dictionaries(_KEYS, _FACTS, max_size=8).map(
    lambda rows: [{"id": key, **facts} for key, facts in rows.items()]
)


@given(_STATES, _STATES)
def test_findings_hold_every_change_once(before: Rows, after: Rows) -> None:
    """Every change is in exactly one finding."""
    changes = diff(state(before), state(after))
    judged = [change for finding in found(before, after) for change in finding.changes]
    assert sorted(map(repr, judged)) == sorted(map(repr, changes))
    assert all(sentence(finding).isprintable() for finding in found(before, after))
