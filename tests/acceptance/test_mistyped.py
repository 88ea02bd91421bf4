"""Mistyped commands, options and words: each gets the nearest right thing."""

import pytest

from tests.support.shell import Shell

WRONG = {
    "chnages": "No such command 'chnages'. Did you mean 'changes'?",
    "verify": "No such command 'verify'. Did you mean `catalog db verify`?",
    "history": "No such command 'history'. Did you mean `catalog changes`?",
    "zzz": "No such command 'zzz'.",
    "config chek": "No such command 'chek'. Did you mean 'check'?",
    "changes --json": "write `catalog changes --format json`.",
    "changes --jsn": "write `catalog changes --format json`.",
    "alerts show m --csv": "write `catalog alerts show --format csv`.",
    "sync --dryrun": "No such option '--dryrun'. Did you mean '--dry-run'?",
    "sync --zzz": "No such option '--zzz'.",
    "--json models": "options of a command go after it: `catalog COMMAND --format json`.",
    "--provider x sync": "options of a command go after it: `catalog COMMAND --provider`.",
    "--verbos sync": "(Did you mean one of: '--verbose', '--version'?)",
    "changes -v": "-v goes before the command, right after `catalog`.",
    "models list": "`catalog models` lists them; leave the last word out.",
    "models zzz": "Got unexpected extra argument (zzz)",
    "models --format jsn": "Did you mean 'json'?",
    "changes --level braking": "Did you mean 'breaking'?",
    "--log-format jsn sync": "Did you mean 'json'?",
    "completion bsh": "Did you mean 'bash'?",
    "models --provider infomaniac": "Did you mean 'infomaniak'?",
    "models --at 2026-13-99": "7d (m, h, d or w ago), or the number of a snapshot",
    "models --provider zzz": "there is no provider 'zzz'; there are: infomaniak.",
}


@pytest.mark.parametrize("words", WRONG)
def test_a_mistyped_word_gets_a_suggestion(shell: Shell, words: str) -> None:
    """The last line of the error has the suggestion, and no other one contradicts it."""
    ran = shell(*words.split(), code=2)
    assert ran.out == ""
    assert ran.err.splitlines()[-1].endswith(WRONG[words])
    assert ran.err.count("Did you mean") <= 1


def test_a_type_or_status_of_no_model_gets_a_suggestion(demo: Shell) -> None:
    """A note has the nearest type or status and all of them, and a table says `no models`."""
    ran = demo("models", "--type", "lm")
    known = "embedding, image, llm, reranker, stt"
    assert ran.err == f"no model has the type 'lm'; there are: {known}. Did you mean 'llm'?\n"
    assert ran.lines == ["no models"]
    ran = demo("models", "--status", "redy", "--format", "json")
    assert ran.err.endswith("there are: coming_soon, ready. Did you mean 'ready'?\n")
    assert ran.json["models"] == []
    assert demo("models", "--type", "stt", "--status", "ready").err == ""
    assert demo("models", "--type", "stt", "--status", "coming_soon").lines == ["no models"]


@pytest.mark.parametrize("group", ["alerts", "provider"])
def test_lists_have_a_name_too(demo: Shell, group: str) -> None:
    """`alerts list` and `provider list` are what `alerts` and `provider` are."""
    for style in ("table", "json", "csv"):
        assert demo(group, "list", "--format", style).out == demo(group, "--format", style).out
    assert demo("alerts", "list", "--state", "given up", "--limit", "1").lines == ["no messages"]
