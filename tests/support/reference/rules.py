"""Describe the rules of judgment and of the check from their tables."""

from catalog.changes.rules import Rule, rules
from catalog.changes.status import DEFAULTS
from catalog.check.notice import CHECK_RULES


def described() -> str:
    """Return a section for each rule of the table, in matching order."""
    return "\n\n".join(map(_section, rules().values()))


def of_check() -> str:
    """Return a section for each rule of the check."""
    return "\n\n".join(
        f"### {rule.id}\n\n{rule.why} {rule.about}\n\n- **Level:** `{rule.level}`"
        for rule in CHECK_RULES.values()
    )


def status_words() -> str:
    """Return the shipped status words by meaning."""
    rows = [
        f"| `{key}` | {', '.join(f'`{word}`' for word in words)} |"
        for key, words in DEFAULTS.items()
    ]
    return "\n".join(["| meaning | shipped words |", "| --- | --- |", *rows])


def _section(rule: Rule) -> str:
    wave = f"; `{rule.wave}` for a finding of several changes" if rule.wave else ""
    return "\n".join(
        (
            f"### {rule.id}",
            "",
            f"{rule.why}",
            "",
            f"- **Level:** `{rule.level}`{wave}",
            f"- **Fires when** {rule.fires}",
            f"- **Do:** {rule.do}",
        )
    )
