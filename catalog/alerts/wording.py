"""The text of a channel: the user's own template, or one that reads well in most places."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from catalog.alerts import text
from catalog.alerts.channel import Message
from catalog.alerts.size import largest
from catalog.changes.change import TOLD, Level
from catalog.core.errors import SettingsInvalid
from catalog.core.files import read_text
from catalog.report.sentences import title

CHAT = Template("$title ($when)\n$findings\n$link")
"""Where one text is all there is."""
TITLED = Template("$findings\n$when\n$link")
"""Where a title stands above the text."""
LETTER = Template("$findings\n\n$title\nSeen: $when\nSent by catalog to channel $channel\n$link")
"""Where the title is a subject, and there is room."""
LETTER_LINES = 300
LARGEST = 256 * 1024
"""Bytes of a template."""

PLACEHOLDERS = (
    *("title", "subject", "findings", "link", "when", "provider", "channel"),
    *("count", "level", *TOLD),
)
"""What a template may hold; docs/configuration.md explains each."""
_HINT = "docs/configuration.md lists the placeholders; a dollar sign itself is written $$."


def _any_size(_text: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a channel words a message.

    `link` stands in for the provider's own page out of `pages`; an empty one means no link. A text
    shows at most so many `lines` of findings.
    """

    channel: str
    template: Template = CHAT
    link: str | None = None
    pages: Mapping[str, str] = field(default_factory=dict)
    lines: int = text.LINES

    def text(
        self,
        message: Message,
        escape: Callable[[str], str] = str,
        fits: Callable[[str], bool] = _any_size,
    ) -> str:
        """Write the message; what it quotes goes through `escape`, the template itself does not.

        `fits` says of a text whether the channel takes it as it is: escaped, and encoded by the
        channel. Findings are left out, and counted, until it fits. Where the template alone is too
        long, the short text is written in its place.
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
        """Write how much happened and the command that shows it, without the template.

        `titled` leaves the subject out, because the channel has it above the text.
        """
        lines = [] if titled else [self.subject(message)]
        counted = f": {text.left_out(message)}" if message.findings else "."
        return escape("\n".join([*lines, f"Too large to be sent whole{counted}"]))

    def subject(self, message: Message) -> str:
        """Write the one line above the text."""
        return f"Test of channel {self.channel}" if message.test else text.subject(message)

    def _fill(self, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
        return self.template.substitute({k: escape(v) for k, v in values.items()}).rstrip()

    def _findings(self, message: Message, most: int | None) -> str:
        parts = []
        if message.test:
            parts.append(
                f"This is a test of channel {self.channel}: if you read it, messages arrive."
            )
        if message.findings:
            parts.append(text.findings_text(message, self.lines, most))
        return "\n".join(parts)

    def _values(self, message: Message) -> dict[str, str]:
        told = message.findings
        heading = title(message.provider, told) if told else self.subject(message)
        link = self.pages.get(message.provider, "") if self.link is None else self.link
        grave = told[0].level if told else Level.INFO
        return {
            "title": heading,
            "subject": self.subject(message),
            "link": link,
            "when": text.when(message),
            "provider": message.provider,
            "channel": self.channel,
            "count": f"{len(told):,}",
            "level": str(grave),
            **{str(each): str(sum(f.level is each for f in told)) for each in TOLD},
        }


def read_template(file: Path) -> Template:
    """Read a template; raise SettingsInvalid that names every placeholder that is not known."""
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
    """Return the placeholders that nothing stands behind."""
    return [name for name in template.get_identifiers() if name not in PLACEHOLDERS]


def _place(template: Template) -> str:
    """Say where the first stray dollar sign stands."""
    match = next(
        m for m in template.pattern.finditer(template.template) if m["invalid"] is not None
    )
    return f" in line {template.template.count(chr(10), 0, match.start()) + 1}"
