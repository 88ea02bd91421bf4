"""An answer is made anew only if what it shows has changed."""

from pathlib import Path

from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.rig import rig
from tests.support.web_client import make_client


def test_a_poll_without_news_renews_only_the_pages_of_polls(tmp_path: Path) -> None:
    """Lists keep their ETag after such a poll, and the health gets a new one."""
    same = answer(body=body(row()))
    with rig(tmp_path, same, same, answer(body=body(row(name="beta")))) as it:
        it.outcomes(1)
        client = make_client(it.file)
        paths = ("/", "/status", "/metrics", "/api/v1/providers", "/models", "/changes", "/probes")

        def tags() -> list[str]:
            return [client.get(path).headers["etag"] for path in paths]

        first = tags()
        it.outcomes(1)
        second = tags()
        assert [a != b for a, b in zip(first, second, strict=True)] == [True] * 4 + [False] * 3
        it.outcomes(1)
        assert all(a != b for a, b in zip(second, tags(), strict=True))
