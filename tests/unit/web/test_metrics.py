from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import openmetrics, parser
from prometheus_client.openmetrics import parser as open_parser

from catalog.web.metrics import LABEL_LIMIT, Metrics, metrics
from tests.support.builders import AT
from tests.support.metrics import figures

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def _read(view: Metrics) -> Samples:
    """Read the text as Prometheus does, without the label of the provider."""
    body, _ = metrics(view)
    found: Samples = {}
    read: Any = open_parser.text_string_to_metric_families
    for family in read(body.decode()):
        for each in family.samples:
            labels = {name: text for name, text in each.labels.items() if name != "provider"}
            assert (each.name, tuple(labels.items())) not in found
            found[each.name, tuple(sorted(labels.items()))] = each.value
    return found


def _value(name: str, view: Metrics, **labels: str) -> float:
    return _read(view)[f"catalog_{name}", tuple(sorted(labels.items()))]


def _with(**parts: Any) -> Metrics:
    (one,) = figures().providers
    return replace(figures(), providers=(replace(one, **parts),))


def test_a_reader_of_openmetrics_finds_every_figure() -> None:
    """Each figure of the view is a sample, with its labels."""
    view = figures()
    assert _value("build_info", view, version="1.2.3") == 1
    assert _value("database_size_bytes", view) == 4096
    assert _value("last_success_timestamp_seconds", view) == AT.timestamp()
    assert _value("last_poll_timestamp_seconds", view) == AT.timestamp()
    assert _value("last_poll_duration_seconds", view) == 0.25
    assert _value("polls_total", view, outcome="unchanged") == 9
    assert _value("models", view, type="llm", status="ready") == 3
    assert _value("findings_total", view, level="breaking") == 1
    assert _value("pending_messages", view, channel="ops") == 2
    assert _value("models_ending", view, within_days="30") == 1


def test_the_same_view_gives_the_same_bytes() -> None:
    """Nothing is kept between two answers, and no clock is in them."""
    assert metrics(figures()) == metrics(figures())
    assert b"_created" not in metrics(figures())[0]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "application/openmetrics"),
        ("text/html,*/*;q=0.8", "text/plain; version=0.0.4"),
        ("", "text/plain; version=0.0.4"),
    ],
)
def test_a_client_gets_a_format_that_it_accepts(accept: str, media_type: str) -> None:
    """OpenMetrics has its end mark, and the older format can be read without it."""
    body, said = metrics(figures(), accept)
    assert said.startswith(media_type)
    assert body.endswith(b"# EOF\n") is media_type.startswith("application")
    names = {each.name for each in parser.text_string_to_metric_families(body.decode())}
    assert "catalog_last_success_timestamp_seconds" in names


@pytest.mark.parametrize(
    "accept",
    ["application/openmetrics-text;version=x", "text/plain;version=1.x", ";;=,", "a/b;version="],
)
def test_a_client_that_asks_for_nonsense_gets_text(accept: str) -> None:
    """A header that no scraper sends is no error."""
    body, media_type = metrics(figures(), accept)
    assert media_type.startswith("text/plain; version=0.0.4")
    assert b"catalog_build_info" in body


def test_openmetrics_is_the_default() -> None:
    """Without a header of a client, the text is OpenMetrics 1.0."""
    assert metrics(figures())[1] == openmetrics.exposition.CONTENT_TYPE_LATEST


def test_a_provider_without_a_poll_has_no_times() -> None:
    """A time that is not known is left out, because zero would be the year 1970."""
    view = _with(last_success=None, last_poll=None, duration=None)
    assert not [name for name, _ in _read(view) if "_last_" in name]


def test_a_status_that_is_missing_is_an_empty_label() -> None:
    """A model without a status is counted."""
    assert _value("models", _with(models={("llm", None): 2}), type="llm", status="") == 2


@pytest.mark.parametrize(
    "text", ['a"b\\c\nd', "bell \x07 \x00", "\ud800", "{}=,# EOF\n# EOF", "\u202e \u200b"]
)
def test_hostile_labels_are_one_label(text: str) -> None:
    """Quotes, line breaks and invisible characters cannot add a line or a label."""
    view = _with(models={(text, text): 2, ("llm", None): 1}, pending={text: 1})
    assert len(_read(view)) == len(_read(figures()))


def test_long_labels_are_cut_and_added_up() -> None:
    """Types that differ after the limit only are one series with the sum."""
    long = "x" * 10_000
    view = _with(models={(f"{long}a", None): 2, (f"{long}b", None): 3})
    cut = "x" * (LABEL_LIMIT - 1) + "…"
    assert _value("models", view, type=cut, status="") == 5
