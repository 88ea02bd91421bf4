"""Run a command that asks questions on a terminal."""

import os
import pty
import subprocess
from dataclasses import dataclass
from select import select

from tests.support.shell import SECONDS, Shell


@dataclass(frozen=True, slots=True)
class Dialog:
    """An ended dialog: the exit code and the terminal's text."""

    code: int
    shown: str


def answer_all(shell: Shell, *words: str, answers: tuple[tuple[str, str], ...]) -> Dialog:
    """Run `catalog WORDS`. Type each answer when its question is shown.

    The command has no other terminal, so it reads secrets from this one too.
    """
    ours, theirs = pty.openpty()
    environ = shell.environ | {"TERM": "xterm", "COLUMNS": "300", "NO_COLOR": "1"}
    with subprocess.Popen(
        shell.line(*words),
        cwd=shell.folder,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as running:
        os.close(theirs)
        try:
            text = "".join(_until(ours, question, reply) for question, reply in answers)
            text += _until(ours, None)
            running.wait(SECONDS)
        finally:
            running.kill()
    os.close(ours)
    return Dialog(running.returncode, text.replace("\r\n", "\n"))


def _until(terminal: int, question: str | None, reply: str = "") -> str:
    """Read up to a question and type the reply.

    Without a question, read to the end.
    """
    shown = b""
    while question is None or question.encode() not in shown:
        ready, _, _ = select([terminal], [], [], SECONDS)
        assert ready, f"no question {question!r}: {shown!r}"
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            assert question is None, f"it ended before {question!r}: {shown!r}"
            break
    if question is not None:
        os.write(terminal, f"{reply}\n".encode())
    return shown.decode()
