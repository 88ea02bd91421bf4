import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.errors import MAX_PROBLEMS, PayloadInvalid
from catalog.core.payload import Drift, Seen, ValidPayload
from catalog.core.snapshot import Model
from catalog.core.strict_json import JsonText, canonical, parse
from catalog.providers import recordings
from catalog.providers.described.description import Description, read
from catalog.providers.described.provider import Described
from catalog.providers.infomaniak.provider import Infomaniak, model
from catalog.providers.provider import Provider
from catalog.providers.rows import Contract
from catalog.providers.validate import drift_of, validate
from catalog.report.sentences import drift_sentence
from tests.support.builders import MISSING, body, payload, row

PAYLOADS = Path(__file__).parents[2] / "payloads"
INFOMANIAK = Infomaniak()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
fields = st.sampled_from([*row(), "prices", "new"])


def check(content: bytes) -> ValidPayload:
    """Validate a body as an answer of Infomaniak."""
    return validate(payload(content), INFOMANIAK)


def problems(content: bytes) -> list[str]:
    """Return the problems of a body as the operator sees them."""
    with pytest.raises(PayloadInvalid) as caught:
        check(content)
    return [str(problem) for problem in caught.value.problems]


def cases(kind: str) -> list[Any]:
    """Return the payload files of one kind. A saved file is a new case."""
    paths = sorted((PAYLOADS / kind).glob("*.json"))
    return [pytest.param(path, id=path.stem) for path in paths]


def beside(path: Path, suffix: str) -> list[str]:
    """Read the lines of the file beside a payload."""
    path = path.with_suffix(suffix)
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []


@pytest.mark.parametrize("path", cases("valid"))
def test_valid_payloads(path: Path) -> None:
    """Each valid file gives a snapshot with all facts and exactly the listed drift."""
    valid = check(path.read_bytes())
    facts = [parse(model.facts) for model in INFOMANIAK.normalize(valid).models]
    sent = json.loads(path.read_bytes())
    sent = sent["data"] if isinstance(sent, dict) else sent
    assert sorted(facts, key=_name) == sorted(sent, key=_name)
    assert [drift_sentence(drift) for drift in valid.drift] == beside(path, ".drift")


@pytest.mark.parametrize("path", cases("invalid"))
def test_invalid_payloads(path: Path) -> None:
    """Each invalid file gives exactly the listed problems in order."""
    assert problems(path.read_bytes()) == beside(path, ".problems")


def test_every_expectation_has_its_payload() -> None:
    """Each file of expected problems or drift has its payload."""
    lines = [*PAYLOADS.glob("*/*.problems"), *PAYLOADS.glob("*/*.drift")]
    assert [path for path in lines if not path.with_suffix(".json").exists()] == []


@pytest.mark.parametrize(
    "recording", recordings.find(recordings.shipped()), ids=lambda each: each.path.stem
)
def test_shipped_history_has_no_drift(recording: recordings.Recording) -> None:
    """The contract knows every key and value of the recorded answers."""
    assert check(recordings.read(recording.path)).drift == ()


class Open(Described):
    """A provider whose contract describes fields without requiring an object."""

    @cached_property
    def contract(self) -> Contract:
        """Return the JSON Schema of an answer."""
        inner: Contract = {"properties": {"known": {}}}
        model = {"properties": {"name": {}, "a": inner, "b": {"type": "object"}}}
        rows_at = {"x-rows": ["data", "*"]}
        return {"properties": {"data": {}, "result": {}}, "$defs": {"model": model}, **rows_at}


def test_contract_that_leaves_types_open() -> None:
    """A contract may describe fields without requiring an object."""
    rows = [{"name": "1", "a": [1], "b": {"c": 1}}, {"name": "2", "a": {"known": 1, "new": 2}}]
    drift = validate(payload(body(*rows)), Open("x", Description(route="/", key="name"))).drift
    assert drift == (Drift("new field", "a.new", None, ("2",)),)


def test_drift_names_its_models() -> None:
    """Drift is reported once with its models in the order of the payload."""
    rows = [row(id=3 - at, name=name, shiny=at) for at, name in enumerate("cab")]
    assert check(body(*rows)).drift == (Drift("new field", "shiny", None, ("c", "a", "b")),)


def test_drift_names_models_as_the_description_does() -> None:
    """Drift of a described list has the names that calls use, not other fields of the row."""
    names = {"key": "hull", "name": "hull", "status": "state"}
    words = {"ready": ["docked"], "preview": [], "ending": [], "gone": []}
    described = Described("x", read({"route": "/", **names, "statuses": words}))
    odd = {"hull": "argo", "id": "7", "name": "The Argo", "state": "sunk"}
    (drift,) = validate(payload(body(odd)), described).drift
    assert (drift.what, drift.field, drift.models) == ("new value", "state", ("argo",))


def test_drift_of_a_broken_answer() -> None:
    """Drift of an invalid answer is reported as far as it can be parsed."""
    broken = payload(
        body(row(max_token_input=-1, shiny=1), 7, row(id=2, name=MISSING, info_status="x"))
    )
    found = drift_of(broken, INFOMANIAK.contract)
    assert [(each.what, each.field, each.models) for each in found] == [
        ("new value", "info_status", ("?",)),
        ("new field", "shiny", ("alpha",)),
    ]
    assert drift_of(payload(b"{"), INFOMANIAK.contract) == ()


def test_a_valid_payload_has_its_answer() -> None:
    """A valid payload has the original answer and its rows in order."""
    answer = payload(body(row(id=2, name="b"), row()))
    valid = validate(answer, INFOMANIAK)
    assert valid.payload is answer
    assert [each.key for each in valid.models] == ["2", "1"]


def test_headline_is_the_first_problem() -> None:
    """The text of the error is the first problem and the number of others."""
    with pytest.raises(PayloadInvalid, match=r"^\$\.data\[0\]: found 1, expected an object$"):
        check(body(1))
    with pytest.raises(PayloadInvalid, match=r"expected an object \(and 1 more\)$"):
        check(body(1, 2))
    with pytest.raises(PayloadInvalid, match=r"\(and 1,999 more\)$"):
        check(b'{"result": "success", "data": [' + b"NaN," * 1999 + b"NaN]}")


def test_many_problems_are_found_quickly() -> None:
    """Thousands of broken rows are reported within seconds."""
    start = time.process_time()
    rows = [{"id": 1, "name": "alpha", "type": ""}] * 3000
    assert len(problems(body(*rows))) == 3000 + 2 * 2999
    assert time.process_time() - start < 5


def test_each_missing_field_is_reported_once() -> None:
    """A row without three fields has exactly three problems."""
    assert len(problems(body(*[{}] * 2000))) == 3 * 2000


@pytest.mark.long
@pytest.mark.parametrize(
    "content",
    [
        body(*[0] * (MAX_PROBLEMS + 1)),
        body(*[{}] * (MAX_PROBLEMS // 3 + 1)),
        b"[" + b"NaN," * MAX_PROBLEMS + b"NaN]",
    ],
    ids=["rows", "fields", "numbers"],
)
def test_problems_have_a_limit(content: bytes) -> None:
    """A list of problems is limited in memory and marked as cut."""
    with pytest.raises(PayloadInvalid, match=r" \(and at least 9,999 more\)$") as caught:
        check(content)
    assert len(caught.value.problems) == MAX_PROBLEMS
    assert caught.value.is_cut


@pytest.mark.parametrize(
    "name",
    ["a" * 100_000 + "\0", " " * 100_000, " " * 100_000 + "\0"],
    ids=["nul", "blank", "both"],
)
def test_long_names_are_checked_quickly(name: str) -> None:
    """The pattern of names takes linear time."""
    start = time.process_time()
    assert len(problems(body(row(name=name)))) == 1
    assert time.process_time() - start < 1


@given(json_values)
def test_any_body(value: Any) -> None:
    """Any JSON body gives rows or problems, and no other exception."""
    _survive(json.dumps(value).encode())


@given(json_values, st.sampled_from(["result", "data", "error", "new"]))
def test_any_envelope(value: Any, key: str) -> None:
    """Any JSON envelope gives rows or problems."""
    _survive(body(row(), **{key: value}))


@given(st.dictionaries(fields, json_values | st.just(MISSING), max_size=4), json_values)
def test_any_row(changed: dict[str, Any], other: Any) -> None:
    """Any JSON row gives rows or problems."""
    _survive(body(row(**changed)))
    _survive(body(row(), other))


def _name(row: dict[str, Any]) -> str:
    return str(row["name"])


def _survive(content: bytes) -> None:
    """Convert bytes to a snapshot, or get problems."""
    try:
        valid = check(content)
    except PayloadInvalid as error:
        assert all(len(str(problem)) < 500 for problem in error.problems)  # noqa: PT017  # both results are correct
    else:
        snapshot = INFOMANIAK.normalize(valid)
        assert len(snapshot.models) == len(valid.models)
        assert len(snapshot.digest) == 64
        assert all("\n" not in drift_sentence(drift) for drift in valid.drift)


def test_every_requirement_has_words() -> None:
    """The contract describes in words each requirement that is not a type or constant."""
    plain = {"type", "const", "properties", "required", "items", "$ref", "if", "then", "format"}
    for schema in _schemas(INFOMANIAK.contract):
        demands = {key for key in schema if not key.startswith(("x-", "$"))}
        assert "x-expected" in schema or demands <= plain | {"title", "description"}


def _schemas(schema: Contract) -> list[Contract]:
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    inner += [schema[key] for key in ("items", "if", "then") if key in schema]
    return [schema, *(deeper for each in inner for deeper in _schemas(each))]


@pytest.mark.parametrize(
    "wrong", [row(id=3, name="new"), row(id=9, name="m-2"), row(id=True, name="t"), {"id": 1}, 7]
)
def test_problems_are_found_among_known_rows(wrong: Any) -> None:
    """Known rows do not hide problems of broken or repeated rows."""
    sound = [row(id=number, name=f"m-{number}") for number in range(1, 9)]
    models = INFOMANIAK.normalize(validate(payload(body(*sound)), INFOMANIAK)).models
    known = {model.facts: model for model in models}
    answer = payload(body(*sound[:4], wrong, *sound[4:]))
    found = []
    for facts in (known, dict[JsonText, Model]()):
        with pytest.raises(PayloadInvalid) as caught:
            validate(answer, INFOMANIAK, facts)
        found.append(caught.value.problems)
    assert found[0] == found[1]


@pytest.mark.parametrize("key", ["id", "{1}/{id}", "{1}"])
def test_known_rows_that_move_are_read_again(key: str) -> None:
    """If the place is part of the key, a moved known row is another model."""
    provider, known = Described("x", Description(route="/", key=key)), dict[JsonText, Model]()
    for order in ((1, 2, 3), (3, 1), (2, 3, 1, 4)):
        answer = payload(body(*({"id": f"m-{number}"} for number in order)))
        valid = validate(answer, provider, known)
        alone = provider.normalize(validate(answer, provider))
        assert provider.normalize(valid) == alone
        known |= {model.facts: model for model in alone.models}


def test_problems_in_a_keyed_list_name_their_place() -> None:
    """In an object of lists, the path of a problem has the keys."""
    provider = Described("x", Description(route="/", rows="*.models", key="id"))
    answer = payload(b'{"3": {"models": [{"id": "a"}, {"id": ""}]}, "b": {"models": {"x": {}}}}')
    with pytest.raises(PayloadInvalid) as caught:
        validate(answer, provider)
    assert [problem.path for problem in caught.value.problems] == [
        '$["3"].models[1].id',
        "$.b.models.x.id",
    ]


@dataclass(frozen=True)
class Counting(Infomaniak):
    """Infomaniak, with a count of the rows whose facts were computed."""

    computed: list[Any] = field(default_factory=list)

    def facts(self, row: Any) -> JsonText:
        """Return the facts, and count the row."""
        self.computed.append(row["id"])
        return super().facts(row)


@pytest.mark.parametrize("changed", [{"max_token_input": 1}, {"extra": True}, {"extra": "1"}])
def test_facts_of_equal_rows_are_computed_once(changed: dict[str, Any]) -> None:
    """Only rows that differ from the previous answer are converted to canonical text."""
    provider = Counting()
    old = [row(id=number, name=f"m{number}", extra=1) for number in range(1, 30)]
    first = seen_after(provider, body(*old), {})
    provider.computed.clear()
    new = [*old[:7], old[7] | changed, *old[8:]]
    second = seen_after(provider, body(*new), first)
    assert provider.computed == [8]
    assert {each.facts for each in second.values()} == {canonical(each) for each in new}


def seen_after(provider: Provider, content: bytes, seen: Mapping[str, Seen]) -> Mapping[str, Seen]:
    """Return the rows of an answer by their texts."""
    known = {canonical(each): model(each) for each in json.loads(content)["data"]}
    return validate(payload(content), provider, known, seen).seen
