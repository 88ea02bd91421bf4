"""Show the text of a mail as HTML, line by line.

Everything is escaped. Nothing is loaded from elsewhere: there is no image, style sheet or script.
Only a line that is one address becomes a link.
"""

import re
from html import escape

from catalog.alerts.message import MARKS
from catalog.changes.finding import Level

_COLORS = {
    MARKS[Level.BREAKING]: "#b3261e",
    MARKS[Level.WARNING]: "#8a5a00",
    MARKS[Level.INFO]: "#1f5fa8",
}
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family: sans-serif; font-size: 15px; line-height: 1.4; color: #1f1f1f">
{body}
</body>
</html>
"""
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
_COMMAND = re.compile(r"`([^`]+)`")
_HEAD = "── "
_INDENT = "   "


def page(title: str, text: str) -> str:
    """Return a text as one HTML page."""
    return _PAGE.format(title=escape(title), body="\n".join(map(_line, text.splitlines())))


def _line(line: str) -> str:
    shown = _COMMAND.sub(r"<code>\1</code>", escape(line.strip()))
    mark = next((each for each in _COLORS if line.startswith(f"{each} ")), None)
    if not shown:
        return "<br>"
    if mark is not None:
        return f'<div style="margin-top: 8px">{_colored(mark, shown)}</div>'
    if line.startswith(_INDENT):
        return f'<div style="margin-left: 24px; color: #5f5f5f">{shown}</div>'
    if line.startswith(_HEAD):
        return f"<h3>{shown.removeprefix(_HEAD)}</h3>"
    if _ADDRESS.fullmatch(line.strip()):
        return f'<div><a href="{shown}">{shown}</a></div>'
    return f"<div>{shown}</div>"


def _colored(mark: str, shown: str) -> str:
    rest = shown.removeprefix(mark)
    return f'{mark}<span style="color: {_COLORS[mark]}">{rest}</span>'
