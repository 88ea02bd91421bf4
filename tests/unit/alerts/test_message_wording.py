"""The text of a channel, by default or by the user's template."""

import html
from pathlib import Path
from string import Template

import pytest

from catalog.alerts.channel import Message
from catalog.alerts.message import (
    MAIL_TEMPLATE,
    PLACEHOLDERS,
    TITLED,
    Wording,
    read_template,
    slack,
)
from catalog.changes.change import Added, Removed
from catalog.changes.finding import Finding
from catalog.changes.incident import Trouble
from catalog.core.errors import SettingsInvalid
from tests.support.builders import AT, finding, model

PAGE = "https://provider.example/models"
PAGES = {"infomaniak": PAGE}
GONE = finding(Removed(model("6", "llama3")))
NEW = finding(Added(model("9", "kimi", max_token_input=None, info_status=None)))
SENT = Message("msg_1", "infomaniak", AT, (GONE, NEW))
TEST = Message("msg_2", "infomaniak", AT, (), test=True)


def message(findings: tuple[Finding, ...]) -> Message:
    """Return the message of these findings."""
    return Message("msg_1", "infomaniak", AT, findings)


FINDINGS = """⛔ llama3 removed
   Calls that use this name fail once the provider stops serving it.
ℹ️ kimi added: llm
   A new model can be tried.
More: `catalog alerts show msg_1`"""  # noqa: RUF001  # this sign is intended


def test_the_text_of_a_chat() -> None:
    """The count and the time come first, the provider's page last."""
    heading = "infomaniak: 1 breaking, 1 info (2025-12-23 10:16 UTC)"
    wording = Wording(channel="team", pages=PAGES)
    assert wording.text(SENT) == f"{heading}\n{FINDINGS}\n{PAGE}"


def test_one_finding_names_the_command_that_explains_it() -> None:
    """The last line of one finding explains it, and names the replacement of its model."""
    one = finding(Removed(model("6", "llama3"), candidates=("qwen3", "kimi")), number=17)
    lines = Wording(channel="team").text(message((one,))).splitlines()
    assert lines[1] == "⛔ llama3 removed; instead: qwen3 or 1 other"
    assert lines[-1] == "More: `catalog explain 17`"


def test_a_held_answer_names_the_next_steps() -> None:
    """The message has the missing models, the commands and the earliest time of acceptance."""
    trouble = Trouble("held", "7 of 12", missing=("a",), polls_left=2, accepted_from=AT)
    text = Wording(channel="team").text(message((finding(trouble),)))
    assert "Look first: `catalog sync --provider infomaniak --dry-run --accept`." in text
    assert "after 2 more polls that lack the same models, not before 2025-12-23" in text


def test_the_text_of_a_mail() -> None:
    """The findings come first below the subject, and their origin comes last."""
    wording = Wording(channel="ops", template=MAIL_TEMPLATE, pages=PAGES)
    assert wording.subject(SENT) == "infomaniak: llama3 removed, and 1 more (1 breaking, 1 info)"
    assert wording.text(SENT).split("\n\n") == [
        FINDINGS,
        (
            "infomaniak: 1 breaking, 1 info\nSeen: 2025-12-23 10:16 UTC\n"
            f"Sent by catalog to channel ops\n{PAGE}"
        ),
    ]


@pytest.mark.parametrize(
    ("link", "last"), [(None, PAGE), ("https://wiki.example", "https://wiki.example"), ("", "UTC")]
)
def test_the_link(link: str | None, last: str) -> None:
    """A user's link replaces the provider's page, and an empty one removes it."""
    wording = Wording(channel="team", template=TITLED, pages=PAGES, link=link)
    assert wording.text(SENT).endswith(last)


def test_a_provider_without_a_page_has_no_link() -> None:
    """An unknown page leaves no empty line."""
    assert Wording(channel="team", template=TITLED).text(SENT).endswith("10:16 UTC")


def test_every_placeholder_is_filled_in() -> None:
    """Each documented placeholder has its value."""
    template = Template("|".join(f"${name}" for name in PLACEHOLDERS))
    values = Wording(channel="team", template=template, pages=PAGES).text(SENT).split("|")
    assert dict(zip(PLACEHOLDERS, values, strict=True)) == {
        "title": "infomaniak: 1 breaking, 1 info",
        "subject": "infomaniak: llama3 removed, and 1 more (1 breaking, 1 info)",
        "findings": FINDINGS,
        "link": PAGE,
        "when": "2025-12-23 10:16 UTC",
        "provider": "infomaniak",
        "channel": "team",
        "count": "2",
        "level": "breaking",
        "breaking": "1",
        "warning": "0",
        "info": "1",
    }


def test_only_quoted_values_are_escaped() -> None:
    """A template may ping on purpose. A model's name cannot, and is not used as a placeholder."""
    pinging = finding(Added(model("9", "<!channel> $link", info_status=None)))
    wording = Wording(channel="team", template=Template("<!here> $findings"), pages=PAGES)
    text = wording.text(Message("msg_1", "infomaniak", AT, (pinging,)), slack)
    assert text.startswith("<!here> ")
    assert "&lt;!channel&gt; $link added" in text
    assert "<!channel>" in html.unescape(text)


def test_a_text_that_must_fit_keeps_its_template() -> None:
    """The template around the findings and the escaping count toward the size."""
    many = tuple(finding(Added(model(str(n), "&" * 20))) for n in range(50))
    wording = Wording(channel="team", template=TITLED, pages=PAGES)
    text = wording.text(message(many), slack, lambda text: len(text) <= 600)
    assert 450 < len(text) <= 600
    assert text.endswith(f"2025-12-23 10:16 UTC\n{PAGE}")
    assert "more findings (" in text
    assert " info), see: catalog alerts show msg_1\n" in text
    assert "&" * 20 in html.unescape(text)


def test_a_template_that_is_too_long_is_left_out() -> None:
    """If the template alone does not fit, the short text is used."""
    wording = Wording(channel="team", template=Template("x" * 500 + "$findings"))
    heading, rest = wording.text(SENT, fits=lambda text: len(text) <= 400).split("\n")
    assert heading == "infomaniak: llama3 removed, and 1 more (1 breaking, 1 info)"
    counted = "2 findings (1 breaking, 1 info), see: catalog alerts show msg_1"
    assert rest == f"Too large to send in full: {counted}"
    short = wording.text(TEST, fits=lambda text: len(text) <= 400)
    assert short == "Test of channel team\nToo large to send in full."


@pytest.mark.parametrize("size", range(200, 1500, 100))
def test_as_many_findings_are_shown_as_fit(size: int) -> None:
    """For each size, the text has as many findings as possible."""
    many = message(tuple(finding(Added(model(str(n), f"m{n}"))) for n in range(25)))
    wording = Wording(channel="team")
    text = wording.text(many, fits=lambda text: len(text) <= size)
    assert len(text) <= size
    line = len("ℹ️ m10 added: llm, 32,000 tokens, ready\n")  # noqa: RUF001  # this sign is intended
    reason = len("   A new model can be tried.\n")
    shown = text.count(" added")
    assert shown == 25 or size - len(text) < line + reason * (not shown)


def test_a_test_is_marked() -> None:
    """A test message is marked as a test and names its channel."""
    wording = Wording(channel="team")
    assert wording.subject(TEST) == "Test of channel team"
    assert wording.text(TEST).split("\n") == [
        "Test of channel team (2025-12-23 10:16 UTC)",
        "This is a test of channel team: if you can read it, messages arrive.",
    ]
    sample = Wording(channel="team").text(Message("msg_2", "infomaniak", AT, (NEW,), test=True))
    assert "This is a test" in sample
    assert "kimi added" in sample


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"$titel of $whom", "there is no placeholder $titel; there is no placeholder $whom"),
        (b"$title\ncosts 5 $\n", "a $ without a name after it in line 2"),
        (b"${title", "a $ without a name after it in line 1"),
        (b" \n", "it is empty"),
        (b"\xff\xfe", "it is not valid UTF-8: byte 0xff in line 1"),
    ],
)
def test_a_broken_template(tmp_path: Path, content: bytes, mistake: str) -> None:
    """Each error has the file, the placeholder and the line."""
    file = tmp_path / "text.txt"
    file.write_bytes(content)
    with pytest.raises(SettingsInvalid) as refused:
        read_template(file)
    assert str(refused.value).endswith(mistake)
    assert str(file) in str(refused.value)


def test_a_missing_template(tmp_path: Path) -> None:
    """An unreadable file is an error of the configuration."""
    with pytest.raises(SettingsInvalid, match="No such file"):
        read_template(tmp_path / "absent.txt")


def test_a_valid_template(tmp_path: Path) -> None:
    """The content of the file is used, with a doubled dollar as one."""
    (tmp_path / "text.txt").write_text("$$5 ${count}x $level\n", encoding="utf-8")
    template = read_template(tmp_path / "text.txt")
    assert Wording(channel="team", template=template).text(SENT) == "$5 2x breaking"
