"""Read every file of a user or a repository safely.

Only regular files are read, up to a limit, because a pipe, a device or a link to one could block
the program or fill its memory. The reason of an error is in its `strerror`.
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


def replace(target: Path, data: bytes, *, mode: int | None = None, is_durable: bool = True) -> None:
    """Write a file beside the target, then rename it over the target.

    The mode of the old file stays, unless `mode` is given. A killed process leaves at most a
    `.catalog-….tmp` beside it. Without `is_durable`, a power failure may lose the file. Raise
    OSError.
    """
    temporary = target.with_name(f".catalog-{os.urandom(4).hex()}.tmp")
    # Mode 0666 is reduced by the umask, so a new file gets the user's usual mode.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode or 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode is None and target.exists():
                os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
            file.write(data)
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


_NO_UTF_8 = re.compile("[\udc80-\udcff]")
CHUNK = 64 * 1024
# Do not wait for the other end of a pipe, and do not get a controlling terminal.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
_INHERITED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def read_bytes(
    path: str | PathLike[str], limit: int, *, piped: bool = False, links: bool = True
) -> bytes:
    """Return the content of a regular file of at most `limit` bytes.

    With `piped`, pipes of the caller such as /dev/stdin or `<(command)` are read too. Without
    `links`, links are refused. Raise OSError.
    """
    descriptor, size = _opened(path, piped=piped, links=links)
    try:
        if size > limit:
            raise _too_large(f"{size:,} bytes", limit)
        return b"".join(_chunks(descriptor, size, limit))
    finally:
        os.close(descriptor)


def read_text(path: str | PathLike[str], limit: int, *, piped: bool = False) -> str:
    r"""Return the UTF-8 text of a file without BOM.

    All line ends become `\n`. Raise OSError with the line of invalid UTF-8.
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
    """Open a regular file for a reader with limits of its own."""
    descriptor, _ = _opened(path, piped=piped, links=True)
    return os.fdopen(descriptor, "rb")


def shown(path: str) -> str:
    r"""Return a file name as text, with invalid bytes as `\xff`."""
    return _NO_UTF_8.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", path)


def reason(error: OSError) -> str:
    """Return why a file could not be read, without its name."""
    return error.strerror or str(error)


def _opened(path: str | PathLike[str], *, piped: bool, links: bool) -> tuple[int, int]:
    """Return the descriptor and size of a regular file or pipe."""
    pipe = piped and os.fspath(path).startswith(_INHERITED)
    try:
        # Checked before opening, because opening a device may have effects, and again after it,
        # because the file may be replaced meanwhile. This calls `os.stat`, because a Path takes as
        # much time as the reading.
        require_regular(os.stat(path, follow_symlinks=links).st_mode, pipe=pipe)  # noqa: PTH116
        descriptor = os.open(path, _FLAGS if links else _FLAGS | os.O_NOFOLLOW)
    except ValueError:
        raise OSError(EINVAL, "a file cannot have this name") from None
    try:
        status = os.fstat(descriptor)
        require_regular(status.st_mode, pipe=pipe)
        if pipe:
            os.set_blocking(descriptor, True)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor, status.st_size


def require_regular(mode: int, *, pipe: bool = False) -> None:
    """Raise OSError for the mode of anything but a regular file. A `pipe` may be allowed."""
    if S_ISREG(mode) or (pipe and (S_ISFIFO(mode) or S_ISCHR(mode))):
        return
    if S_ISDIR(mode):
        raise OSError(EISDIR, os.strerror(EISDIR))
    found = {S_IFIFO: "a pipe", S_IFSOCK: "a socket", S_IFLNK: "a link"}
    raise OSError(EINVAL, f"it is not a regular file but {found.get(S_IFMT(mode), 'a device')}")


def _chunks(descriptor: int, size: int, limit: int) -> Iterator[bytes]:
    """Yield the content, up to `limit`, because the size may change meanwhile."""
    wanted, read = size + 1, 0
    while chunk := os.read(descriptor, wanted):
        read += len(chunk)
        if read > limit:
            raise _too_large("more", limit)
        yield chunk
        wanted = CHUNK


def _too_large(found: str, limit: int) -> OSError:
    return OSError(EFBIG, f"it has {found}, and at most {limit:,} bytes are read")
