"""Sentences and titles stay short."""

from catalog.changes.change import Added, Removed, Renamed, Restored, Updated
from catalog.changes.finding import Level
from catalog.core.payload import Drift
from catalog.core.strict_json import canonical
from catalog.report.sentences import fact, sentence, title
from tests.support.builders import AT, finding, model


def test_a_line_of_limited_length_keeps_the_difference() -> None:
    """A line that is too long gets shorter values, which still show how they differ."""
    text_before, text_after = (canonical("word " * 50 + end * 30) for end in ("one ", "two "))
    made = finding(Updated(model(), "version", text_before, text_after))
    assert len(fact(made)) == len(fact(made, 300)) > 200
    short = fact(made, 100)
    assert short.startswith("alpha: version … one ")
    assert " → … two " in short
    assert len(short) <= 100
    assert len(fact(made, 30)) == 30


def test_long_names_show_where_they_differ() -> None:
    """Names with one long beginning show their ends, short ones are whole."""
    old, new = model(name="n" * 150 + "-old"), "n" * 150 + "-new"
    cut = f"…{'n' * 29}"
    assert sentence(finding(Renamed(old, "1", new))) == f"{cut}-old renamed to {cut}-new (id 1 → 1)"
    short = Renamed(model(name="vendor/some-model-of-thirty-characters-1"), "1", "vendor/some-2")
    assert sentence(finding(short)).startswith(
        "vendor/some-model-of-thirty-characters-1 renamed to vendor/some-2"
    )


def test_title() -> None:
    """A title counts by level, most severe first, without empty levels."""
    levels = (Level.INFO, Level.WARNING, Level.BREAKING, Level.INFO, Level.WARNING)
    findings = [finding(level=level) for level in levels]
    assert title("infomaniak", findings) == "infomaniak: 1 breaking, 2 warnings, 2 info"
    assert title("infomaniak", iter(findings[:1])) == "infomaniak: 1 info"


def test_names_without_end_are_cut() -> None:
    """A sentence is short with names, fields and values of any length."""
    long = model(name="n" * 10_000, type="t" * 10_000)
    value = canonical("v" * 10_000)
    for change in (
        *(Added(long), Removed(long), Restored(long, AT)),
        Updated(long, "f" * 10_000, value, canonical("w" * 10_000)),
        Drift("new value", "f" * 10_000, value, (long.name,) * 9),
    ):
        assert len(sentence(finding(change))) < 1_000
    wave = tuple(Updated(long, "f" * 10_000, None, value) for _ in range(9))
    assert len(sentence(finding(*wave))) < 1_000
