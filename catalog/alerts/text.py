"""What a person reads in a chat or a log: lines without markup, safe from what they quote."""

import html
import re

from catalog.alerts.channel import Message
from catalog.change import Finding, Level
from catalog.jsontext import cut
from catalog.rules import rules
from catalog.words import count, sentence, title

LINES = 30
LINE_LENGTH = 400
"""In characters; the whole then fits into one post of Mattermost, which takes 16,383."""

_MARKS = {Level.BREAKING: "⛔", Level.WARNING: "⚠️", Level.INFO: "ℹ️"}  # noqa: RUF001  # the sign for information is meant
_LIVE = re.compile(r"@(?=\S)|](?=\()")
_ZERO_WIDTH_SPACE = "\u200b"


def text(message: Message) -> str:
    """Write a title, then the findings gravest first, each grave one with its reason beneath.

    After 30 lines it only says how many more there are.
    """
    lines = [title(message.provider, message.findings)]
    for told, finding in enumerate(message.findings):
        block = _block(finding)
        if len(lines) + len(block) > LINES:
            more = len(message.findings) - told
            return "\n".join([*lines, f"and {count(more, 'more finding')}"])
        lines += block
    return "\n".join(lines)


def slack(text: str) -> str:
    """Write plain text for Slack and those who take its format, so that nothing in it is live.

    `&`, `<` and `>` become entities: Slack pings and links only between angle brackets. Mattermost
    and kChat also ping on a bare `@name` and link `[text](url)`: a zero-width space breaks both.
    """
    return _LIVE.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", html.escape(text, quote=False))


def _block(finding: Finding) -> list[str]:
    lines = [cut(f"{_MARKS[finding.level]} {sentence(finding)}", LINE_LENGTH)]
    rule = rules().get(finding.rule)
    if rule is not None and finding.level is not Level.INFO:
        lines.append(f"   {rule.why}")
    return lines
