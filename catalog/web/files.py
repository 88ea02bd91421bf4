"""Name the files of the static site.

Names of models hold anything: slashes, `..`, control characters, 10,000 characters. Different paths
have different files, also on a file system that ignores case. A file name holds only letters,
digits and `-._@,=~`, so it needs no encoding in an address.
"""

import hashlib
import re
from functools import lru_cache
from urllib.parse import quote

LONGEST = 200
"""Maximum bytes of one part of a path."""
KEPT = 120
"""Characters that stay of a longer name."""
LONGEST_PATH = 700
"""Maximum bytes of a path, because Linux accepts 4,096 with the folder."""
PAGE = ".html"
ENDINGS = (PAGE, ".json", ".md", ".css", ".svg", ".atom", ".ics", ".txt")
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{one}{n}" for one in ("com", "lpt") for n in range(1, 10)),
}
"""Names that Windows reserves, with every ending."""
_PLAIN = re.compile("[0-9]+(-[0-9]+)?|(changes|models|feeds|badge)")


@lru_cache(65_536)
def file_of(path: str, twin: str = "") -> str:
    """Return the file of a path, such as `models/infomaniak/4.html`.

    `twin` is the ending of another form of the page, such as `.json`. Below `/models/`, only `twin`
    is an ending, because names of models may end in anything.
    """
    parts = path[1:].split("/")
    ending = twin or PAGE
    if not twin and parts[0] != "models":
        found = next((each for each in ENDINGS if parts[-1].endswith(each)), "")
        parts[-1], ending = parts[-1].removesuffix(found), found or PAGE
    if parts == [""]:
        parts = ["index"]
    *folders, stem = (_encoded(part) for part in parts)
    room = LONGEST - len(ending)
    name = "/".join([*(_folder(each) for each in folders), _fitted(stem, room) + ending])
    return name if len(name) <= LONGEST_PATH else f"{parts[0]}/{_cut(name)}{ending}"


def _encoded(text: str) -> str:
    """Return one part of a path as a name of its own.

    Other characters are written as their UTF-8 bytes in hexadecimal: `=3A`. Places of capitals
    follow as bits: `~1` is the first character. So names differ on file systems without case, too.
    """
    if _PLAIN.fullmatch(text):  # the usual case, because a site has 100,000 files
        return text
    name = quote(text, safe="@,").replace("~", "%7E").replace("%", "=")
    # Hidden files, `..`, and files that GitHub Pages leaves out begin so.
    if name[:1] in {".", "_"} or name.split(".")[0].casefold() in _DEVICES:
        name = f"={ord(name[0]):02X}{name[1:]}"
    capitals = sum(1 << place for place, each in enumerate(text) if "A" <= each <= "Z")
    return f"{name}~{capitals:x}" if capitals else name or "="


def _folder(name: str) -> str:
    """Return the name of a folder. It has no ending of a file, because both may exist."""
    stem, dot, ending = name.rpartition(".")
    if dot and (not ending or f".{ending}" in ENDINGS):
        name = f"{stem}=2E{ending}"
    return _fitted(name, LONGEST)


def _fitted(name: str, room: int) -> str:
    return name if len(name) <= room else _cut(name)


def _cut(name: str) -> str:
    """Return the beginning of a name and a digest of the whole."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:32]
    return f"{name[:KEPT].replace('/', '=2F')[:KEPT]}~~{digest}"
