"""Write the text of a message from a template."""

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from catalog.alerts.channel import Message, Used, files_text, used_in
from catalog.alerts.size import largest
from catalog.changes.finding import REPORTED, Finding, Level, counted
from catalog.changes.hold import Release
from catalog.changes.incident import Trouble
from catalog.changes.rules import rules
from catalog.core.errors import SettingsInvalid
from catalog.core.files import read_text
from catalog.core.strict_json import cut
from catalog.core.text import count
from catalog.report.ends import instead, last_call
from catalog.report.held import by_itself, look
from catalog.report.sentences import fact, title

LINES = 30
LINE_LENGTH = 400
"""The maximum characters of a line. Thirty lines fit into Mattermost's limit of 16,383."""
SUBJECT_LENGTH = 150

MARKS = {Level.BREAKING: "⛔", Level.WARNING: "⚠️", Level.INFO: "\u2139\ufe0f"}
_LIVE = re.compile(r"@(?=\S)|](?=\()")
_LIVE_ANYWHERE = re.compile(r"[@<](?=\S)|](?=\()")
_ZERO_WIDTH_SPACE = "\u200b"


def subject(message: Message) -> str:
    """Return the most severe finding and the counts in one line.

    Example: `infomaniak: llama3 removed, and 10 more (7 breaking, 4 info)`
    """
    if not message.findings:
        return f"{message.provider}: nothing to report"
    first, more = message.findings[0], len(message.findings) - 1
    others = f", and {more:,} more" if more else ""
    what = fact(first, SUBJECT_LENGTH - len(others))
    return f"{message.provider}: {what}{others} ({levels(message.findings)})"


def levels(findings: Iterable[Finding]) -> str:
    """Return the counts by level, such as `7 breaking, 4 info`.

    A single finding has only its level.
    """
    known = [finding.level for finding in findings]
    return str(known[0]) if len(known) == 1 else counted(known)


def when(message: Message) -> str:
    """Return the time of the poll, or of the first and last."""
    polls = sorted({finding.at for finding in message.findings} or {message.at})
    if len(polls) == 1:
        return minute(polls[0])
    return f"{minute(polls[0])} to {minute(polls[-1])}"


def minute(at: datetime) -> str:
    """Return a time for people: `2026-05-19 15:48 UTC`."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def findings_text(message: Message, lines: int = LINES, most: int | None = None) -> str:
    """Return the findings, most severe first, with a reason per kind.

    A digest is sorted by poll, oldest first. At most `lines` lines and `most` findings are shown.
    The others, the least severe, are counted with the command that shows all.
    """
    total = len(message.findings)
    high = total if most is None else most
    if high >= total and total <= lines:
        whole = _layout(message.findings, message.used)
        if len(whole) <= lines:
            return "\n".join(whole)
    # Each search step builds the text again, because the size of a finding depends on the others.
    high = min(high, lines, total - 1)
    shown = largest(high, lambda number: len(_cut_off(message, number)) <= lines + 1)
    return "\n".join(_cut_off(message, shown))


def left_out(message: Message, shown: int = 0) -> str:
    """Return the count of findings after `shown`, and the command."""
    rest = message.findings[shown:]
    counted = f"and {count(len(rest), 'more finding')}" if shown else count(len(rest), "finding")
    return f"{counted} ({levels(rest)}), see: {show_command(message)}"


def show_command(message: Message) -> str:
    """Return the command that shows every finding of a message."""
    return f"catalog alerts show {message.id}"


def more_command(message: Message) -> str:
    """Return the command that explains the only finding, or that lists all."""
    number = message.findings[0].number if len(message.findings) == 1 else None
    return show_command(message) if number is None else f"catalog explain {number}"


def slack(text: str) -> str:
    """Return text without pings and links for Slack and compatible chats.

    `&`, `<` and `>` become entities, because Slack only pings and links within angle brackets.
    Mattermost and kChat also ping on `@name` and link `[text](url)`, so a zero-width space breaks
    both.
    """
    return _LIVE.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", html.escape(text, quote=False))


def inert(text: str) -> str:
    """Return text for any chat without pings and links."""
    return _LIVE_ANYWHERE.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", text)


def _cut_off(message: Message, shown: int) -> list[str]:
    return [*_layout(message.findings[:shown], message.used), left_out(message, shown)]


def _layout(findings: Sequence[Finding], used: Used) -> list[str]:
    polls: dict[datetime, list[Finding]] = {}
    for finding in findings:
        polls.setdefault(finding.at, []).append(finding)
    if len(polls) == 1:
        return list(_poll(findings, used))
    lines: list[str] = []
    for at in sorted(polls):
        lines += [*([""] if lines else []), f"── {minute(at)}", *_poll(polls[at], used)]
    return lines


def _poll(findings: Iterable[Finding], used: Used) -> Iterator[str]:
    kinds: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        kind = (finding.level, finding.rule, finding.callable_until, finding.ground)
        kinds.setdefault(kind, []).append(finding)
    for group in kinds.values():
        for finding in group:
            mark, other = MARKS[finding.level], instead(finding)
            yield f"{mark} {fact(finding, LINE_LENGTH - len(mark) - len(other) - 1)}{other}"
            if files := used_in(finding, used):
                yield cut(f"   Used in {files_text(files)}.", LINE_LENGTH)
        yield from (f"   {cut(line, LINE_LENGTH)}" for line in _reasons(group[0]))


def _reasons(finding: Finding) -> Iterator[str]:
    rule = rules().get(finding.rule)
    if rule is not None:
        yield rule.why
    change = finding.change
    if isinstance(change, Trouble) and change.polls_left and change.accepted_from:
        yield look(finding.provider)
        yield by_itself(Release(change.polls_left, change.accepted_from))
    end = last_call(finding)
    if end is not None:
        yield f"{end[0].upper()}{end[1:]}."
    elif rule is not None and (rule.attribute == "name" or rule.id == "name-changed"):
        yield "It is not known how long the old name still works."


CHAT = Template("$title ($when)\n$findings\n$link")
"""The template of chats without a title."""
TITLED = Template("$findings\n$when\n$link")
"""The template below a separate title."""
MAIL_TEMPLATE = Template(
    "$findings\n\n$title\nSeen: $when\nSent by catalog to channel $channel\n$link"
)
"""The template of mails, with the title as subject."""
MAIL_LINES = 300
LARGEST = 256 * 1024
"""The maximum bytes of a template."""

PLACEHOLDERS = (
    *("title", "subject", "findings", "link", "when", "provider", "channel"),
    *("count", "level", *REPORTED),
)
"""The allowed placeholders, explained in docs/configuration.md."""
_HINT = "`catalog help configuration` lists the placeholders. Write a dollar sign as $$."


def _any_size(_text: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The template and limits of a channel's text.

    `link` replaces the provider's page in `pages`. An empty `link` means no link. A text has at
    most `lines` lines of findings.
    """

    channel: str
    template: Template = CHAT
    link: str | None = None
    pages: Mapping[str, str] = field(default_factory=dict)
    lines: int = LINES

    def text(
        self,
        message: Message,
        escape: Callable[[str], str] = str,
        fits: Callable[[str], bool] = _any_size,
    ) -> str:
        """Return the message text. `escape` is applied to each value.

        `fits` checks whether the channel accepts a text. Findings are omitted and counted until it
        fits. If the template alone is too long, the short text is used.
        """
        values = self._values(message)

        def write(most: int | None) -> str:
            return self._fill(values | {"findings": self._findings(message, most)}, escape)

        whole = write(None)
        if fits(whole):
            return whole
        high = min(len(message.findings), self.lines)
        shown = largest(high, lambda most: fits(write(most)))
        return self.short(message, escape) if shown < 0 else write(shown)

    def short(
        self, message: Message, escape: Callable[[str], str] = str, *, titled: bool = False
    ) -> str:
        """Return the count and the command, without the template.

        `titled` omits the subject, because the channel shows it above the text.
        """
        lines = [] if titled else [self.subject(message)]
        counted = f": {left_out(message)}" if message.findings else "."
        return escape("\n".join([*lines, f"Too large to send in full{counted}"]))

    def subject(self, message: Message) -> str:
        """Return the line above the text."""
        return f"Test of channel {self.channel}" if message.test else subject(message)

    def _fill(self, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
        return self.template.substitute({k: escape(v) for k, v in values.items()}).rstrip()

    def _findings(self, message: Message, most: int | None) -> str:
        parts = []
        if message.test:
            parts.append(
                f"This is a test of channel {self.channel}: if you can read it, messages arrive."
            )
        if message.findings:
            parts.append(findings_text(message, self.lines, most))
            if show_command(message) not in parts[-1]:  # a cut text already has the command
                parts.append(f"More: `{more_command(message)}`")
        return "\n".join(parts)

    def _values(self, message: Message) -> dict[str, str]:
        findings = message.findings
        heading = title(message.provider, findings) if findings else self.subject(message)
        link = self.pages.get(message.provider, "") if self.link is None else self.link
        level = findings[0].level if findings else Level.INFO
        return {
            "title": heading,
            "subject": self.subject(message),
            "link": link,
            "when": when(message),
            "provider": message.provider,
            "channel": self.channel,
            "count": f"{len(findings):,}",
            "level": str(level),
            **{str(each): str(sum(f.level is each for f in findings)) for each in REPORTED},
        }


def read_template(file: Path) -> Template:
    """Read a template, or raise SettingsInvalid with every error."""
    try:
        template = Template(read_text(file, LARGEST))
    except OSError as error:
        raise SettingsInvalid(f"cannot read {file}: {error.strerror}", hint=_HINT) from None
    mistakes = [f"there is no placeholder ${name}" for name in unknown(template)]
    if not template.is_valid():
        mistakes.append(f"a $ without a name after it{_place(template)}")
    if not template.template.strip():
        mistakes.append("it is empty")
    if mistakes:
        raise SettingsInvalid(f"the template {file}: {'; '.join(mistakes)}", hint=_HINT)
    return template


def unknown(template: Template) -> list[str]:
    """Return the unknown placeholders."""
    return [name for name in template.get_identifiers() if name not in PLACEHOLDERS]


def _place(template: Template) -> str:
    match = next(
        m for m in template.pattern.finditer(template.template) if m["invalid"] is not None
    )
    return f" in line {template.template.count(chr(10), 0, match.start()) + 1}"
