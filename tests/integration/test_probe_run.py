import logging
import re
from pathlib import Path

import pytest

from catalog.core.errors import NotFound, SettingsInvalid
from catalog.core.probe import Budget
from catalog.replay.behavior import Behavior, Entry
from tests.support.database import ask
from tests.support.probe_stand import CHAT_V1, llm, other, stand

BEFORE = [
    llm(6, "llama3", CHAT_V1),
    llm(11, "granite", CHAT_V1),
    llm(20, "acme/large"),
    llm(21, "acme/ghost"),
    llm(22, "acme/flaky"),
    llm(23, "acme/locked"),
    llm(24, "acme/slow"),
    llm(25, "acme/broken"),
    llm(26, "acme/busy"),
    llm(27, "short", CHAT_V1),
    other(12, "embedder", "embedding"),
    other(30, "ranker", "reranker"),
    other(2, "whisper", "stt"),
    other(3, "whisperV2", "stt"),
    other(10, "flux", "image"),
    other(40, "dancer", "dance"),
]
AFTER = [row for row in BEFORE if row["name"] not in {"llama3", "granite"}]
BEHAVIOR = Behavior(
    served=("acme/large", "acme/ghost", "acme/flaky", "embedder", "stranger", "acme/locked"),
    entries=(
        Entry("llama3", "chat-v1", answered_as="Llama 3.3"),
        Entry("mixtral", "chat-v1"),
        Entry("acme/ghost", "chat-v2", (404,), body="plain"),
        Entry("acme/flaky", "chat-v2", (422, "answers", 500, 422, "answers")),
        Entry("acme/locked", does=(403,), body="plain"),
        Entry("acme/slow", "chat-v2", ("hangs",)),
        Entry("acme/broken", "chat-v2", (502,), body="html"),
        Entry("acme/broken", "chat-v1", ("breaks",)),
        Entry("acme/busy", "chat-v2", (429,), body="empty"),
        Entry("whisperV2", batch="failed"),
        Entry("stranger", "chat-v2"),
    ),
)
ANSWERS, REFUSED = "answers", "refused"
MATRIX = {
    ("acme/broken", "chat-v1"): "failing",
    ("acme/broken", "chat-v2"): "failing",
    ("acme/busy", "chat-v1"): REFUSED,
    ("acme/busy", "chat-v2"): "limited",
    ("acme/flaky", "chat-v1"): REFUSED,
    ("acme/flaky", "chat-v2"): ANSWERS,
    ("acme/ghost", "chat-v1"): REFUSED,
    ("acme/ghost", "chat-v2"): REFUSED,
    ("acme/large", "chat-v1"): REFUSED,
    ("acme/large", "chat-v2"): ANSWERS,
    ("acme/locked", "chat-v1"): "unauthorized",
    ("acme/locked", "chat-v2"): "unauthorized",
    ("acme/slow", "chat-v1"): REFUSED,
    ("acme/slow", "chat-v2"): "timeout",
    ("embedder", "embeddings"): ANSWERS,
    ("granite", "chat-v1"): REFUSED,
    ("granite", "chat-v2"): REFUSED,
    ("llama3", "chat-v1"): ANSWERS,
    ("llama3", "chat-v2"): REFUSED,
    ("mixtral", "chat-v1"): ANSWERS,
    ("ranker", "rerank"): ANSWERS,
    ("short", "chat-v1"): ANSWERS,
    ("short", "chat-v2"): ANSWERS,
    ("stranger", "chat-v2"): ANSWERS,
    ("stranger", "embeddings"): REFUSED,
    ("whisper", "transcription"): ANSWERS,
    ("whisperV2", "transcription"): "failing",
}


@pytest.mark.long
def test_every_cell_of_the_matrix_is_right(tmp_path: Path) -> None:
    """Each scripted behavior of a model gives its verdict after the second tries."""
    with stand(tmp_path, (BEFORE, AFTER), BEHAVIOR, **{"http.deadline": 1}) as it:
        first = it.run()
        assert ("acme/flaky", "chat-v2") not in it.believed()
        assert REFUSED not in it.believed().values()
        for _ in range(4):
            it.run(11)
            assert it.believed()["acme/flaky", "chat-v2"] == ANSWERS
        assert it.believed() == MATRIX
    skipped = {each.name: each.result.said for each in first.probes if each.verdict == "skipped"}
    assert skipped == {
        "flux": "images are made on request only: --images",
        "dancer": "catalog does not know how to call its route (none)",
    }


@pytest.mark.long
def test_each_difference_from_the_lists_is_reported_once(tmp_path: Path) -> None:
    """Differences from the lists are alerted once, in one message per run."""
    with stand(tmp_path, (BEFORE, AFTER), BEHAVIOR, **{"http.deadline": 1}) as it:
        it.sync.deliver()
        it.ear.messages.clear()
        absent = {"acme/broken", "acme/busy", "acme/slow", "short"}
        reported = it.run_twice()
        assert reported == {
            ("listed-refused", "acme/ghost"),
            ("delisted-refused", "granite"),
            ("delisted-answers", "llama3"),
            ("unlisted-answers", "mixtral"),
            *(("listed-in-one-list", name) for name in absent),
        }
        assert it.run_twice() == set()
        it.sync.deliver()
        assert [len(message.findings) for message in it.ear.messages] == [5, 3]


@pytest.mark.long
def test_no_more_is_spent_than_a_day_allows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Four concurrent runs never exceed the calls and tokens of a day."""
    behavior = Behavior(entries=(Entry("acme/flaky", does=(500, 422)), Entry("whisper", looks=9)))
    caplog.set_level(logging.INFO, "catalog.replay")
    with stand(tmp_path, (BEFORE, AFTER), behavior) as it:
        tight = it.on(budget=Budget(23, 250), concurrency=4)
        for _ in range(6):
            tight.run(60)
        days = ask(
            it.probing.database,
            "select substr(at, 1, 10), sum(calls), sum(tokens) from probe group by 1",
        )
    asked = [line for line in caplog.messages if "POST" in line or "/results/" in line]
    assert days == [("2026-01-03", 23, days[0][2])]
    assert len(asked) == 23
    assert 0 < int(str(days[0][2])) <= 250


@pytest.mark.long
def test_the_budget_goes_to_the_most_pressing(tmp_path: Path) -> None:
    """If the budget is short, the last calls of the plan are skipped."""
    models = [llm(number, f"a/m{number:02}") for number in range(40)]
    with stand(tmp_path, [models]) as it:
        tight = it.on(budget=Budget(40, 100_000), concurrency=8)
        plan = [(call.name, call.route) for call in it.probing.plan()]
        tight.run()
        tried = tight.runs[-1].probes
        called = {(each.name, each.route) for each in tried if each.verdict != "skipped"}
        assert 0 < len(called) < len(plan)
        assert called == set(plan[: len(called)])


def test_the_budget_restarts_at_midnight(tmp_path: Path) -> None:
    """Calls left out by the budget run first on the next UTC day."""
    with stand(tmp_path, [[llm(1, "a/one"), llm(2, "a/two")]]) as it:
        tight = it.on(budget=Budget(2, 1000))
        tight.run()
        assert {
            each.result.said for each in tight.runs[-1].probes if each.verdict == "skipped"
        } == {"the day's budget is used up"}
        assert {name for name, _ in it.believed()} == {"a/one"}
        tight.on(budget=Budget(3, 1000)).run(24 * 60)  # one call more, for the control
        assert {name for name, _ in it.believed()} == {"a/one", "a/two"}


@pytest.mark.long
def test_an_alias_may_answer_under_its_full_name(tmp_path: Path) -> None:
    """An alias that answers as its model is normal, and another answer is reported."""
    behavior = Behavior(entries=(Entry("short", answered_as="Acme/Long-Name"),))
    with stand(tmp_path, [[llm(1, "short", CHAT_V1)]], behavior) as it:
        assert it.run_twice() == set()
        swapped = Behavior(entries=(Entry("short", "chat-v1", answered_as="Other/Name"),))
        it.server.behave(swapped)
        assert it.run_twice() == {("answered-as-another", "short")}
        assert it.run_twice() == set()
        it.server.behave(behavior)
        assert it.run_twice() == {("answered-as-another", "short")}


def test_a_model_that_answers_as_another_is_reported(tmp_path: Path) -> None:
    """An answer under another listed model's name is reported the first time."""
    behavior = Behavior(entries=(Entry("a/one", "chat-v2", answered_as="a/two"),))
    with stand(tmp_path, [[llm(1, "a/one"), llm(2, "a/two")]], behavior) as it:
        assert it.run_twice() == {("answered-as-another", "a/one")}
        assert it.run_twice() == set()


def test_the_end_of_a_refusal_is_reported(tmp_path: Path) -> None:
    """The start and the end of a refusal are both reported."""
    refuses = Behavior(entries=(Entry("a/one", "chat-v2", (422,)),))
    with stand(tmp_path, [[llm(1, "a/one")]], refuses) as it:
        assert it.run_twice() == {("listed-refused", "a/one")}
        it.server.behave(Behavior())
        assert it.run_twice() == {("answers-again", "a/one")}
        it.server.behave(refuses)
        assert it.run_twice() == {("listed-refused", "a/one")}


def test_a_refused_request_does_not_count_against_the_model(tmp_path: Path) -> None:
    """A refusal of another part of the request does not count against the model."""
    behavior = Behavior(entries=(Entry("a/one", does=(422,), body="other"),))
    with stand(tmp_path, [[llm(1, "a/one")]], behavior) as it:
        assert it.run_twice() == set()
        assert set(it.believed().values()) == {"failing"}


def test_images_are_made_on_request_only(tmp_path: Path) -> None:
    """Images are called only if they are requested."""
    with stand(tmp_path, [[other(10, "flux", "image")]]) as it:
        it.run()
        assert it.believed() == {}
        it.run(images=True)
        assert it.believed() == {("flux", "images"): ANSWERS}


def test_one_model_is_called_by_name_or_key(tmp_path: Path) -> None:
    """Only the named model is called, and an unknown name is an error."""
    with stand(tmp_path, [[llm(1, "a/one"), llm(2, "a/two")]]) as it:
        assert {each.name for each in it.run(names=("2",)).probes} == {"a/two"}
        with pytest.raises(NotFound, match="no model 'a/three' is listed"):
            it.run(names=("a/three",))


@pytest.mark.parametrize(("products", "error"), [((), NotFound), ((7, 8), SettingsInvalid)])
def test_one_product_is_wanted(
    tmp_path: Path, products: tuple[int, ...], error: type[Exception]
) -> None:
    """Without exactly one product, the error lists the products and no model is called."""
    with stand(tmp_path, [[llm(1, "a/one")]], Behavior(products=products)) as it:
        with pytest.raises(error) as caught:
            it.run()
        assert it.believed() == {}
    assert str(caught.value).splitlines()[1:] == [
        f"  {number}: AI Tools {number}, Example, ok" for number in products
    ]


def test_a_configured_product_is_not_looked_for(tmp_path: Path) -> None:
    """With `infomaniak.product_id` one of several is called."""
    given = {"infomaniak.product_id": 8}
    with stand(tmp_path, [[llm(1, "a/one")]], Behavior(products=(7, 8)), **given) as it:
        it.run()
        assert it.believed() == {("a/one", "chat-v2"): ANSWERS}


@pytest.mark.long
def test_the_document_shows_verdicts(tmp_path: Path) -> None:
    """The document shows verdicts after the first probe."""
    with stand(tmp_path, (BEFORE, AFTER), BEHAVIOR, **{"http.deadline": 1}) as it:
        document = it.folder / "models.md"
        assert "Answers" not in document.read_text(encoding="utf-8")
        it.run_twice()
        written = document.read_text(encoding="utf-8")
        rows = dict(re.findall(r"`(\S+)` .* Ready \| (.+) \|$", written, flags=re.MULTILINE))
        assert rows["acme/large"] == "`chat-v2`"
        assert rows["short"] == "`chat-v1`, `chat-v2`"
        assert rows["acme/ghost"] == "No"
        assert rows["acme/busy"] == "No: limited, refused"
        assert rows["flux"] == "–"
        section = written.partition("### Delisted, and Still Answering")[2]
        assert "| `llama3` | llm | `chat-v1` |" in section
        assert "granite" not in section
        it.run_twice()
        assert document.read_text(encoding="utf-8") == written
