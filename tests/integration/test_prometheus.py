"""Prometheus itself reads our metrics and alert rules."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.web.metrics import metrics
from tests.support.metrics import figures
from tests.support.needs import needs

DOCS = Path(__file__).resolve().parents[2] / "docs"
RULES = DOCS / "prometheus-alerts.yml"
DASHBOARD = json.loads((DOCS / "grafana.json").read_text(encoding="utf-8"))
PROMTOOL = shutil.which("promtool") or ""
of_prometheus = needs("promtool")
LABELS = 'job="catalog", instance="host:8080", provider="infomaniak"'
DAY = 24 * 60
"""The samples of a day: one a minute."""


def _series(name: str, values: str, **labels: str) -> dict[str, str]:
    more = "".join(f', {label}="{text}"' for label, text in labels.items())
    return {"series": f"catalog_{name}{{{LABELS}{more}}}", "values": values}


UP = _series("build_info", f"1x{9 * DAY}")
POLLED = _series("last_success_timestamp_seconds", f"0+60x{9 * DAY}")
SILENT = _series("last_success_timestamp_seconds", f"0x{9 * DAY}")
FIRST = _series("polls_total", f"1x{9 * DAY}", outcome="first")
WELL = _series("polls_total", f"0+1x{9 * DAY}", outcome="unchanged")
FAILING = _series("polls_total", f"0+1x{9 * DAY}", outcome="failed")
CASES: dict[str, tuple[str, list[dict[str, str]], str, list[dict[str, str]]]] = {
    "no metrics": ("CatalogDown", [POLLED], "1h", [{}]),
    "metrics": ("CatalogDown", [UP], "1h", []),
    "no success for a day": ("CatalogStale", [SILENT], "25h", []),
    "no success for four days": ("CatalogStale", [SILENT], "96h", [{"provider": "infomaniak"}]),
    "a success each hour": ("CatalogStale", [POLLED], "96h", []),
    "no success ever": ("CatalogNeverPolled", [FIRST], "3h", [{"outcome": "first"}]),
    "one success": ("CatalogNeverPolled", [FIRST, POLLED], "3h", []),
    "failures alone": ("CatalogPollsFail", [FAILING, FIRST], "48h", [{"provider": "infomaniak"}]),
    "failures between": ("CatalogPollsFail", [FAILING, WELL], "48h", []),
    "an answer held": (
        "CatalogAnswerHeld",
        [_series("polls_total", "0 0 1x120", outcome="held")],
        "30m",
        [{"outcome": "held"}],
    ),
    "an answer held long ago": (
        "CatalogAnswerHeld",
        [_series("polls_total", "0 0 1x120", outcome="held")],
        "90m",
        [],
    ),
    "a breaking change": (
        "CatalogBreakingChange",
        [_series("findings_total", "4 4 6x60", level="breaking")],
        "30m",
        [{"level": "breaking"}],
    ),
    "another change": (
        "CatalogBreakingChange",
        [_series("findings_total", "4 4 6x60", level="info")],
        "30m",
        [],
    ),
    "a model ends": (
        "CatalogModelEnds",
        [_series("models_ending", "2x60", within_days="7")],
        "30m",
        [{"within_days": "7"}],
    ),
    "a model ends later": (
        "CatalogModelEnds",
        [_series("models_ending", "2x60", within_days="30")],
        "1h",
        [],
    ),
    "a message in a digest": (
        "CatalogMessagesPending",
        [_series("pending_messages", f"1x{DAY} 0x{DAY}", channel="ops")],
        "25h",
        [],
    ),
    "a message for two days": (
        "CatalogMessagesPending",
        [_series("pending_messages", f"1x{2 * DAY}", channel="ops")],
        "47h",
        [{"channel": "ops"}],
    ),
}


def _promtool(*words: str, text: bytes = b"") -> None:
    done = subprocess.run([PROMTOOL, *words], input=text, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


def _alerts() -> list[Any]:
    whole = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return [rule for group in whole["groups"] for rule in group["rules"]]


def _expressions() -> list[str]:
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return panels + [rule["expr"] for rule in _alerts()]


@of_prometheus
def test_prometheus_finds_no_fault_in_the_metrics() -> None:
    """Names, types and help texts keep the conventions that promtool knows."""
    _promtool("check", "metrics", text=metrics(figures(), "text/plain")[0])


@of_prometheus
def test_prometheus_accepts_the_alert_rules() -> None:
    """The file in docs/ is valid, also for the strict check."""
    _promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))


@of_prometheus
def test_prometheus_accepts_the_expressions_of_the_dashboard(tmp_path: Path) -> None:
    """Each panel of Grafana asks something that Prometheus understands."""
    rules = [
        {"record": f"panel:{place}", "expr": text.replace("$provider", ".*")}
        for place, text in enumerate(_expressions())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    _promtool("check", "rules", str(file))


@of_prometheus
@pytest.mark.parametrize("case", CASES)
def test_an_alert_fires_when_it_should(case: str, tmp_path: Path) -> None:
    """Prometheus plays the series, and the alert fires or stays silent."""
    name, series, at, fires = CASES[case]
    (rule,) = (rule for rule in _alerts() if rule["alert"] == name)
    # The texts are not compared, because values in them would repeat the rules.
    plain = {**rule, "annotations": {}}
    rules = tmp_path / "rules.yml"
    rules.write_text(json.dumps({"groups": [{"name": "catalog", "rules": [plain]}]}))
    expected = [{"exp_labels": rule["labels"] | _kept(name) | labels} for labels in fires]
    test = {
        "interval": "1m",
        "input_series": series,
        "alert_rule_test": [{"eval_time": at, "alertname": name, "exp_alerts": expected}],
    }
    file = tmp_path / "test.yml"
    file.write_text(
        json.dumps({"rule_files": [str(rules)], "evaluation_interval": "5m", "tests": [test]})
    )
    _promtool("test", "rules", str(file))


def _kept(alert: str) -> dict[str, str]:
    if alert == "CatalogDown":
        return {}
    return dict(re.findall(r'(\w+)="([^"]+)"', LABELS))


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_not() -> None:
    """No rule is written down without its test."""
    tested = {(name, bool(fires)) for name, _, _, fires in CASES.values()}
    assert tested == {(rule["alert"], fires) for rule in _alerts() for fires in (True, False)}


def test_every_named_metric_is_served() -> None:
    """Rules and panels ask for metrics that the text has, under the same names."""
    served = set(re.findall(r"^(catalog_\w+)", metrics(figures())[0].decode(), re.MULTILINE))
    asked = {name for text in _expressions() for name in re.findall(r"catalog_\w+", text)}
    assert asked <= served
    assert served - asked == {"catalog_last_poll_timestamp_seconds"}


def test_the_docs_name_every_metric() -> None:
    """The table in docs/web.md has each served name, and no other."""
    served = set(re.findall(r"^(catalog_\w+)", metrics(figures())[0].decode(), re.MULTILINE))
    page = (DOCS / "web.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(catalog_\w+)`", page)) == served


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    """Each panel has its own place and id, within the 24 columns of Grafana."""
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
