"""`catalog provider infer`: a configuration is proposed from an answer."""

import json

from tests.support.http_server import answer, serve
from tests.support.shell import TOKEN, Shell


def test_a_description_is_proposed(shell: Shell) -> None:
    """A working configuration is proposed from a file or a URL. Only a named token is sent."""
    folder = shell.folder
    ships = [{"id": each, "class": "llm", "tokens": 9000, "fare": "5e-07"} for each in "ap"]
    sent = json.dumps({"data": ships, "has_more": False, "last_id": "p"}).encode()
    (folder / "answer.json").write_bytes(sent)
    (folder / "mars.txt").write_text(TOKEN, encoding="utf-8")
    assert "found 2 rows" in shell("provider", "infer", "answer.json").err
    with serve(answer(body=sent)) as mars:
        url = f"{mars.url}/fleet"
        asked = shell("provider", "infer", url, "--token-file", "mars.txt")
        assert mars.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert shell("provider", "infer", url).out
        assert "authorization" not in mars.requests[1].headers
        text = asked.out.replace("NAME-token", "mars").replace("NAME", "mars")
        assert 'key = "id"' in text
        assert 'prices = ["fare"]' in text
        (folder / "catalog.toml").write_text(text, encoding="utf-8")
        assert "mars: first, snapshot 1, 2 models" in shell("sync").out
        lost = shell("provider", "infer", url, "--token-file", "gone.txt", code=2)
    assert "cannot read gone.txt" in lost.err


def test_an_answer_without_a_list_is_refused(shell: Shell) -> None:
    """The error names what an answer lacks, and text that is not JSON is refused."""
    none = shell("provider", "infer", "-", stdin=b'{"a": [1]}', code=2)
    assert "there is no list of models" in none.err
    bare = shell("provider", "infer", "-", stdin=b'{"data": [{"id": "a"}, {"id": "b"}]}')
    assert "note: no field looks like a token limit" in bare.err
    broken = shell("provider", "infer", "-", stdin=b"<html>", code=4)
    assert " should be one answer of the provider, as it was sent." in broken.err


def test_a_refused_proposal_names_its_own_token(shell: Shell) -> None:
    """If the provider wants a token, the hint names --token-file."""
    with serve(answer(401)) as server:
        ran = shell("provider", "infer", server.url, code=3)
    assert "hint: Name a file that holds a valid token with --token-file." in ran.err


def test_a_proposal_for_an_error_shows_its_message(shell: Shell) -> None:
    """`provider infer` shows the provider's message if the answer is an error."""
    sent = b'{"error": {"message": "the key has ended"}}'
    ran = shell("provider", "infer", "-", stdin=sent, code=2)
    assert "there is no list of models in it, but an error: the key has ended" in ran.err
    with serve(answer(404)) as server:
        lost = shell("provider", "infer", server.url, code=3)
    assert "hint: Check the URL: it should be the whole address of the list of models." in lost.err
    once = Shell(shell.folder, {"CATALOG_HTTP_ATTEMPTS": "1"})
    with serve(answer(503)) as server:
        down = once("provider", "infer", server.url, code=3)
    assert "hint: Check the URL, and try again." in down.err
