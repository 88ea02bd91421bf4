"""The next step after an error of a PostgreSQL server."""

import pytest

from catalog.store import server_errors


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ('FATAL:  password authentication failed for user "me"', server_errors.LOGIN),
        ("fe_sendauth: no password supplied", server_errors.LOGIN),
        ('FATAL:  role "me" does not exist', server_errors.LOGIN),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1"', server_errors.LOGIN),
        ('FATAL:  database "models" does not exist', server_errors.CREATE),
        ("permission denied for table poll", server_errors.GRANT),
        ("could not extend file: No space left on device", server_errors.SPACE),
        ("cannot execute INSERT in a read-only transaction", server_errors.READ_ONLY),
        ("sorry, too many clients already", server_errors.CONNECTIONS),
        ("Connection refused", None),
    ],
)
def test_each_error_of_a_server_has_its_own_hint(text: str, output: str | None) -> None:
    """No error of a server points to a path or to the space on this machine."""
    assert server_errors.hint(text) == output
