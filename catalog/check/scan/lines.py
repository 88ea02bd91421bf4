"""Find uses in line-based files.

These are shell, .env, INI, properties, Dockerfiles, and YAML that the parser refuses.
"""

import re

from catalog.check.scan.entries import MOST_ENTRIES, Group
from catalog.check.scan.places import place
from catalog.check.scan.vendors import HOST, of_path

COMMENT = re.compile(r"(?:^|(?<=\s))[#;](?:[^\n]*)")
SECTION = re.compile(r"[ \t]*\[[^\]\n]+\][ \t]*(?:[#;].*)?\Z")
VALUE = r"(?:\"(?P<d>(?:[^\"\\]|\\.)*+)\"|'(?P<q>[^']*+)'|(?P<p>[^\s\"'#;&|<>()]++))"
# NAME=value anywhere in a line. Some files also allow NAME = value and NAME: value.
TIGHT = re.compile(rf"(?<![\w.$-])(?P<key>[A-Za-z_][\w.-]*+)=(?:{VALUE})")
LOOSE = re.compile(
    rf"^[ \t-]*+(?:export[ \t]++)?[\"']?(?P<key>[A-Za-z_][\w.-]*+)[\"']?[ \t]*+[=:][ \t]*+{VALUE}"
)
SPACED = re.compile(
    rf"^[ \t]*+(?:ENV|ARG)[ \t]++(?P<key>[A-Za-z_]\w*+)[ \t]++{VALUE}", re.IGNORECASE
)
OPTION = re.compile(rf"(?<!\S)[\"']?--?(?P<key>[A-Za-z][\w-]*+)[\"']?(?:,[ \t]*+|[ \t]++|=){VALUE}")
# The end is checked first, because a key may have dashes and each could end it.
DEFAULT = re.compile(r"\$\{(?=[^${}\"']++\})(?P<key>[\w.-]+):?[-=](?P<p>[^${}\"']++)\}")
INSIDE = re.compile(
    r"\\?[\"'](?P<key>[A-Za-z_][\w-]*)\\?[\"']\s*:\s*(?:\\?\"(?P<d>[^\"\\]*)|(?P<n>\d+))"
)
FULL = re.compile(r"(?<![\w.-])[\w.-]+/[\w./-]+")
BARE_LIST = re.compile(
    r"^\s*+(?P<key>[A-Za-z_][\w.-]*+)\s*+[=:]\s*+(?P<p>[^\"'#\n,]*+,[^\"'#\n]*+)"
)

# Required text of a line, because the patterns are slow.
WORTH = re.compile(
    r"model|llm|context|ctx|token|/|fallback|engine|ranker|embedder|provider|platform|brand|sku|price",
    re.IGNORECASE,
)
# Each command is a group in these.
COMMANDS = {"shell", "dockerfile"}
PATTERNS = {
    "shell": (("=", TIGHT), ("-", OPTION), ("${", DEFAULT), (":", INSIDE)),
    "dockerfile": (("=", TIGHT), ("", SPACED), ("-", OPTION), ("${", DEFAULT), (":", INSIDE)),
    "env": ((",", BARE_LIST), ("", LOOSE)),
    "ini": ((",", BARE_LIST), ("", LOOSE), ("${", DEFAULT)),
}


def read(text: str, language: str) -> list[Group]:
    """Find the strings that have a place.

    A section is a group. A file without sections is one group.
    """
    groups = [Group()]
    at = 0
    continued = False
    for line in text.split("\n"):
        if language in COMMANDS and not continued:
            begin(groups)
            if len(groups) > MOST_ENTRIES + 1:  # because `settle` refuses so many
                break
        continued = line.endswith("\\")
        if language == "ini" and SECTION.match(line):
            begin(groups)
            groups[-1].inside(line.strip(" \t[]").replace("/", "."))
        elif WORTH.search(line):
            see_line(groups[-1], uncommented(line), at, language)
        at += len(line) + 1
    return groups


def see_line(group: Group, line: str, at: int, language: str) -> None:
    """Add the strings and signs of a line."""
    if language in COMMANDS:
        command(group, line)
    for sign, pattern in PATTERNS[language]:
        if sign in line:
            see(group, line, at, pattern)
    if "/" in line:
        for match in FULL.finditer(line):
            group.string(match[0], at + match.start(), "")
    if "{{" in line and language == "ini":
        group.string(line, at, "")


def begin(groups: list[Group]) -> None:
    """Begin a group, replacing an empty one."""
    if groups[-1].entries:
        groups.append(Group())
    else:
        groups[-1].limits.clear()
        groups[-1].signs.clear()


def command(group: Group, line: str) -> None:
    """Add the program of a command and the address that it calls."""
    program = line.lstrip(" \t").partition(" ")[0]
    if of_path(program):
        group.inside(program)
    if "://" in line and (match := HOST.search(line)):
        group.sign("url", match[0])


def uncommented(line: str) -> str:
    """Remove a comment that is not in quotes."""
    if "#" not in line and ";" not in line:
        return line
    for match in COMMENT.finditer(line):
        before = line[: match.start()]
        if not (before.count('"') % 2 or before.count("'") % 2):
            return before
    return line


def see(group: Group, line: str, at: int, pattern: re.Pattern[str]) -> None:
    """Add the matches of a pattern in a line."""
    for match in pattern.finditer(line):
        key = match["key"].lstrip("-")
        text = match[match.lastindex or 0]
        if match.lastgroup == "p":
            text = text.rstrip()
        if kind := place(key):
            group.string(text, at + match.start(match.lastindex or 0), key, sure=kind.sure)
        else:
            group.number(key, text, at + match.start("key"))
            group.sign(key, text)
