"""`catalog replay`, polled by `catalog sync` as the printed line says."""

import re
import signal
from dataclasses import replace

from tests.builders import body, row
from tests.shell import Shell


def test_a_history_is_served_and_polled_by_the_real_command(shell: Shell) -> None:
    """Each poll gets the next recording, and Ctrl-C ends with 0."""
    folder = shell.folder / "history"
    folder.mkdir()
    (folder / "2026-01-01T000000Z.json").write_bytes(body(row()))
    (folder / "2026-01-02T000000Z.json").write_bytes(body(row(), row(id=2, name="b")))
    with shell.start("-v", "replay", "--history", "history") as server:
        assert server.stdout
        serving, line = server.stdout.readline(), server.stdout.readline()
        start, _, rest = serving.partition("; ")
        assert re.fullmatch(r"serving 2 recordings at http://127\.0\.0\.1:\d+", start)
        assert rest == "each poll moves on, dry runs too; Ctrl-C ends\n"
        found = re.fullmatch(r"try: (.*) catalog sync\n", line)
        assert found
        given = dict(part.split("=") for part in found[1].split())
        poller = replace(shell, given=given)
        said = [poller("sync").lines[0] for _ in range(2)]
        server.send_signal(signal.SIGINT)
        _, logged = server.communicate(timeout=20)
    assert [line.split("infomaniak: ")[1].split(",")[0] for line in said] == ["first", "changed"]
    assert server.returncode == 0
    statuses = [line.split("'/1/ai/models' ")[1][:3] for line in logged.splitlines()]
    assert statuses == ["200", "200"]


def test_a_history_that_cannot_be_served_is_wrong_usage(shell: Shell) -> None:
    """A folder without recordings is told, with how files are to be named."""
    ran = shell("replay", "--history", shell.folder, code=2)
    assert "holds no recorded payload" in ran.err
    assert "2025-08-13T185522Z.json" in ran.err
