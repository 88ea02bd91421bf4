"""The texts of errors, as readers of the pages see them."""

import json

from catalog.core.errors import InternalError
from catalog.web.errors import problem


def test_a_bug_shows_no_details() -> None:
    """The reader of the page is sent to the log, which alone has the place of a bug."""
    answer = problem(InternalError("a page could not be made: KeyError at /srv/catalog/x.py:7"))
    assert answer.status_code == 500
    known = json.loads(bytes(answer.body))
    assert known["detail"] == "the server failed"
    assert known["hint"] == "The log of the server has the reason."
    assert b"x.py" not in answer.body
