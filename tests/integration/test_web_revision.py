"""An answer is made again only after a change of its data."""

from contextlib import closing
from pathlib import Path

from catalog.core.probe import Budget, Call, CallResult, Verdict
from catalog.store import probes
from catalog.store.database import Database
from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.rig import HOUR, START, rig
from tests.support.web_client import make_client


def test_the_end_of_a_probe_renews_the_page_of_probes(tmp_path: Path) -> None:
    """A page that was made during a call does not stay without its result."""
    with rig(tmp_path, answer(body=body(row()))) as it, closing(Database(str(it.file))) as database:
        it.outcomes(1)
        client = make_client(it.file)
        with database.writing() as connection:
            call = Call("alpha", "v1/chat", "1", 1, 1)
            number = probes.begin(connection, "infomaniak", call, START, Budget(9, 9))
        assert number is not None
        assert "verdict-answers" not in client.get("/probes").text
        with database.writing() as connection:
            probes.end(connection, number, CallResult(Verdict.ANSWERS, 1), believed=True)
        assert "verdict-answers" in client.get("/probes").text


def test_a_poll_without_news_renews_only_the_pages_of_polls(tmp_path: Path) -> None:
    """Lists keep their ETag after such a poll, and the health gets a new one."""
    same = answer(body=body(row()))
    with rig(tmp_path, same, same, answer(body=body(row(name="beta")))) as it:
        it.outcomes(1)
        client = make_client(it.file, now=START + 5 * HOUR)
        paths = ("/", "/status", "/metrics", "/api/v1/providers", "/models", "/changes", "/probes")

        def tags() -> list[str]:
            return [client.get(path).headers["etag"] for path in paths]

        first = tags()
        it.outcomes(1)
        second = tags()
        assert [a != b for a, b in zip(first, second, strict=True)] == [True] * 4 + [False] * 3
        it.outcomes(1)
        third = tags()  # without calls, the page of probes stays the same
        assert [a != b for a, b in zip(second, third, strict=True)] == [True] * 6 + [False]
