"""Describe the rules of judgment and of the check from their tables."""

from catalog.changes.rules import Rule, rules
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


def _section(rule: Rule) -> str:
    wave = f"; `{rule.wave}` where ten models or more make the same move" if rule.wave else ""
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
