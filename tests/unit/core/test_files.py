"""Safe reading of files, and the list of other readers."""

import ast
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import catalog
from catalog.core.files import read_bytes, read_text, shown, stream

OWN = Path(catalog.__file__).parent
READING = {"gzip.open", "io.open", "open", "os.open", "os.fdopen"}
ANY_READING = {"open", "read_text", "read_bytes"}
"""Methods of any object that read a file."""
OTHERS = {
    ("cli/db.py", "temporary.open('w', encoding='ascii', newline='\\n')"),
    ("cli/main.py", "Path(os.devnull).open(mode)"),
    ("cli/output.py", "os.open(os.devnull, os.O_WRONLY)"),
    ("core/files.py", "os.fdopen(descriptor, 'rb')"),
    ("core/files.py", "os.fdopen(descriptor, 'wb')"),
    ("core/files.py", "os.open(path, _FLAGS if links else _FLAGS | os.O_NOFOLLOW)"),
    ("core/files.py", "os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode or 438)"),
    ("providers/infomaniak/routes.py", "wave.open(file, 'wb')"),
    ("check/scan/brackets.py", "self.open(n, sign, frame)"),
    ("store/backup.py", "os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 384)"),
    ("store/backup.py", "temporary.open('rb')"),
    ("store/claims.py", "_BOOT.read_text(encoding='utf-8')"),
    ("check/scan/guard.py", "Path('/proc/self/statm').read_text(encoding='ascii')"),
    ("store/claims.py", "Path(f'/proc/{pid}/stat').read_text(encoding='utf-8', errors='replace')"),
    ("store/restore.py", "source.open('rb')"),
    ("store/swap.py", "Path(process, 'comm').read_text(encoding='utf-8', errors='replace')"),
    ("store/swap.py", "beside.open('rb')"),
    ("store/swap.py", "copy.open('xb')"),
    ("store/swap.py", "file.open('r+b', buffering=0)"),
    ("store/swap.py", "os.open(place, os.O_RDONLY)"),
    # Files and answers that the program, git or GitHub made.
    ("cli/publish.py", "file.open('rb')"),
    ("cli/publish.py", "file.open('w', encoding='ascii')"),
    ("cli/publish.py", "github.open(branch, base, *words)"),
    ("providers/git_history.py", "listed.read_text()"),
    ("web/folder.py", "target.read_bytes()"),
}
"""Other calls that open or read files, which the program or the system made."""
PARSERS = {
    ("report/annotations.py", "tomllib.loads(toml)"),
    ("core/strict_json.py", "json.loads(text)"),
    ("providers/described/description.py", "tomllib.loads(text)"),
    ("store/transfer_digest.py", "json.loads(encoded)"),  # a row that the import has checked
    ("providers/infomaniak/provider.py", "json.loads(text)"),
    ("replay/models.py", "json.loads(body)"),
    ("replay/models.py", "json.loads(capture.body)"),
    ("replay/faults.py", "json.loads(body)"),
    ("changes/rules.py", "tomllib.loads(text)"),
    ("check/from_recordings.py", "tomllib.loads(file.read_text('utf-8'))"),
    ("check/scan/notebook.py", "json.loads(f'\"{token.text}\"')"),
    ("check/scan/vendors.py", "tomllib.loads(text)"),
    ("core/strict_toml.py", "tomllib.loads(text)"),
    (
        "core/toml_lines.py",
        "tomllib.loads(statement)",
    ),  # because strict_toml has read the document before
    # Rows, answers and settings that were checked before.
    ("cli/publish_github.py", "json.loads(answer)"),
    ("config/stored.py", "json.loads(text)"),
}
"""Calls that parse JSON or TOML: one reader for users' files, others for known or HTTP content."""


def calls() -> Iterator[tuple[str, str, str]]:
    """Yield each call in the program: file, called name, and full expression."""
    for path in sorted(OWN.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield str(path.relative_to(OWN)), ast.unparse(node.func), ast.unparse(node)


def test_no_other_place_reads_a_file() -> None:
    """Only core/files.py opens user files, and other calls that open files are listed."""
    found = {
        (path, text)
        for path, name, text in calls()
        if (name in READING or ("." in name and name.rpartition(".")[2] in ANY_READING))
        # Data that comes with the program.
        and not text.startswith("files(")
    }
    packaged = {each for each in found if "joinpath" in each[1] or each[1].startswith("file.read_")}
    assert {path for path, _ in packaged} == {"check/from_recordings.py", "web/build.py"}
    assert found - packaged == OTHERS


def test_no_other_place_reads_json_or_toml_of_a_person() -> None:
    """Deep nesting and long numbers are refused by one reader per format."""
    names = {f"{kind}.{name}" for kind in ("json", "tomllib") for name in ("load", "loads")}
    assert {(path, text) for path, name, text in calls() if name in names} == PARSERS


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """A file of the limit is read, and one byte more is refused with both sizes."""
    file = tmp_path / "a"
    file.write_bytes(b"x" * 200_000)
    assert read_bytes(file, 200_000) == b"x" * 200_000
    with pytest.raises(OSError, match="it has 200,000 bytes, and at most 199,999 bytes are read"):
        read_bytes(file, 199_999)
    with stream(file) as opened:
        assert opened.read(3) == b"xxx"


def test_a_file_whose_size_is_not_known_has_a_limit_too() -> None:
    """A generated file without a size is read up to the limit."""
    assert read_bytes("/proc/self/status", 100_000).startswith(b"Name:")
    with pytest.raises(OSError, match="it has more, and at most 10 bytes are read"):
        read_bytes("/proc/self/status", 10)


def test_only_regular_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error about a pipe, device, socket, folder or link names its kind."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("zero").symlink_to("/dev/zero")
    Path("loop").symlink_to("loop")
    Path("folder").mkdir()
    Path("file").write_bytes(b"text")
    Path("link").symlink_to("file")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
    reasons = {
        "pipe": "it is not a regular file but a pipe",
        "zero": "it is not a regular file but a device",
        "socket": "it is not a regular file but a socket",
        "folder": "Is a directory",
        "loop": "Too many levels of symbolic links",
        "a\0b": "a file cannot have this name",
        "none": "No such file or directory",
    }
    for name, reason in reasons.items():
        with pytest.raises(OSError, match=reason):
            read_bytes(name, 10)
        with pytest.raises(OSError, match=reason):
            read_bytes(name, 10, piped=True)
    assert read_bytes("link", 10) == b"text"
    with pytest.raises(OSError, match="it is not a regular file but a link"):
        read_bytes("link", 10, links=False)


def test_a_file_that_becomes_a_pipe_does_not_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that replaces a checked file is refused by the second check."""
    file, pipe = tmp_path / "file", tmp_path / "pipe"
    file.touch()
    os.mkfifo(pipe)
    look = file.stat()
    monkeypatch.setattr(os, "stat", lambda *_, **__: look)
    with pytest.raises(OSError, match="it is not a regular file but a pipe"):
        read_bytes(pipe, 10)


def test_a_pipe_of_a_shell_is_read_if_allowed() -> None:
    """The pipe of `<(command)` is read to its end, even if it is slow."""
    ours, theirs = os.pipe()
    name = f"/dev/fd/{ours}"

    def write() -> None:
        for _ in range(3):
            os.write(theirs, b"x" * 50_000)
        os.close(theirs)

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(OSError, match="it is not a regular file but a pipe"):
        read_bytes(name, 200_000)
    assert read_bytes(name, 200_000, piped=True) == b"x" * 150_000
    writer.join()
    os.close(ours)


def test_text(tmp_path: Path) -> None:
    """A byte order mark is removed and line ends are converted."""
    file = tmp_path / "a"
    file.write_bytes("\ufeffé\r\nb\rc\n".encode())
    assert read_text(file, 100) == "é\nb\nc\n"
    file.write_bytes(b"a\nb\xffc")
    with pytest.raises(OSError, match="it is not valid UTF-8: byte 0xff in line 2"):
        read_text(file, 100)


def test_a_name_that_is_no_text_is_shown() -> None:
    """Invalid UTF-8 bytes become escapes, and valid names stay."""
    assert shown(os.fsdecode(b"a\xff/\xc3\xa9.py")) == "a\\xff/é.py"
    assert shown("\ud800") == "\ud800"
