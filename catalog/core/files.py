"""The one door to files: each file of a person or of a repository is read here.

Only regular files are read, and at most so many bytes as the reader names: a pipe, a device or a
link to one would block the program or fill its memory. An error says why in its `strerror`.
"""

import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from errno import EFBIG, EILSEQ, EINVAL, EISDIR
from os import PathLike
from pathlib import Path
from stat import S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISREG
from typing import BinaryIO


def replace(target: Path, data: bytes) -> None:
    """Write beside the target, then rename over it; raise OSError. The mode of the old one stays.

    A kill leaves at most a `.catalog-….tmp` beside it.
    """
    temporary = target.with_name(f".catalog-{os.urandom(4).hex()}.tmp")
    # Made as any program makes a file, so that a new one gets the user's usual mode.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if target.exists():
                os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


_NO_UTF_8 = re.compile("[\udc80-\udcff]")
CHUNK = 64 * 1024
# No wait for the other end of a pipe, and no terminal takes the program over.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
_INHERITED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def read_bytes(
    path: str | PathLike[str], limit: int, *, piped: bool = False, links: bool = True
) -> bytes:
    """Read a regular file whole; raise OSError for anything else and for more than `limit` bytes.

    With `piped`, a pipe that the person who started the program put in the place of a file is read
    too, such as /dev/stdin or what `<(command)` stands for. Without `links`, no link is followed.
    """
    descriptor, size = _opened(path, piped=piped, links=links)
    try:
        if size > limit:
            raise _too_large(f"{size:,} bytes", limit)
        return b"".join(_chunks(descriptor, size, limit))
    finally:
        os.close(descriptor)


def read_text(path: str | PathLike[str], limit: int, *, piped: bool = False) -> str:
    r"""Read a file as `read_bytes` does, as UTF-8; each end of a line becomes `\n`.

    A byte order mark is left out. Raise OSError with the line for text that is not UTF-8.
    """
    body = read_bytes(path, limit, piped=piped).removeprefix(BOM_UTF8)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{body[error.start]:02x} in line {line:,}"
        raise OSError(EILSEQ, f"it is not valid UTF-8: {found}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def stream(path: str | PathLike[str], *, piped: bool = False) -> BinaryIO:
    """Open a regular file, to be read in parts by a reader that has limits of its own."""
    descriptor, _ = _opened(path, piped=piped, links=True)
    return os.fdopen(descriptor, "rb")


def shown(path: str) -> str:
    r"""Write a file's name as text: each byte that is no UTF-8 becomes an escape such as `\xff`."""
    return _NO_UTF_8.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", path)


def reason(error: OSError) -> str:
    """Say why a file was not read, without its name."""
    return error.strerror or str(error)


def _opened(path: str | PathLike[str], *, piped: bool, links: bool) -> tuple[int, int]:
    """Return a descriptor of a regular file, or of a pipe of our own, and the file's size."""
    pipe = piped and os.fspath(path).startswith(_INHERITED)
    try:
        # Looked at before it is opened, because to open a device may do something. What was put in
        # its place meanwhile is looked at again. A Path would cost as much as the reading.
        _refuse(os.stat(path, follow_symlinks=links).st_mode, pipe=pipe)  # noqa: PTH116
        descriptor = os.open(path, _FLAGS if links else _FLAGS | os.O_NOFOLLOW)
    except ValueError:
        raise OSError(EINVAL, "no file can have such a name") from None
    try:
        status = os.fstat(descriptor)
        _refuse(status.st_mode, pipe=pipe)
        if pipe:
            os.set_blocking(descriptor, True)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor, status.st_size


def _refuse(mode: int, *, pipe: bool) -> None:
    """Raise OSError unless a file is regular, or a pipe that may be read."""
    if S_ISREG(mode) or (pipe and (S_ISFIFO(mode) or S_ISCHR(mode))):
        return
    if S_ISDIR(mode):
        raise OSError(EISDIR, os.strerror(EISDIR))
    found = {S_IFIFO: "a pipe", S_IFSOCK: "a socket", S_IFLNK: "a link"}
    raise OSError(EINVAL, f"it is no regular file but {found.get(S_IFMT(mode), 'a device')}")


def _chunks(descriptor: int, size: int, limit: int) -> Iterator[bytes]:
    """Yield what a file holds: the size is only what it held when it was opened."""
    wanted, read = size + 1, 0
    while chunk := os.read(descriptor, wanted):
        read += len(chunk)
        if read > limit:
            raise _too_large("more", limit)
        yield chunk
        wanted = CHUNK


def _too_large(found: str, limit: int) -> OSError:
    return OSError(EFBIG, f"it has {found}, and at most {limit:,} bytes are read")
