"""`catalog completion`: the scripts of three shells, and what they complete."""

import os
import subprocess
from pathlib import Path

from tests.support.needs import needs
from tests.support.shell import COMMAND, SECONDS, Shell


def asked(shell: Shell, kind: str, line: str) -> list[str]:
    """Return what a shell gets for the last word of a line."""
    words = line.split(" ")
    at = words[-1] if kind == "fish" else str(len(words) - 1)
    given = {"_CATALOG_COMPLETE": f"{kind}_complete", "COMP_WORDS": line, "COMP_CWORD": at}
    return shell(given=given).out.splitlines()


def test_each_shell_has_a_script(shell: Shell) -> None:
    """Each script asks `catalog` by the variable of its shell."""
    for kind, start in (("bash", "_catalog"), ("zsh", "#compdef catalog"), ("fish", "function _")):
        script = shell("completion", kind).out
        assert script.startswith(start)
        assert f"_CATALOG_COMPLETE={kind}_complete" in script


def test_commands_options_and_words_are_completed(shell: Shell) -> None:
    """Commands, those of a group, options and their words come, in the form of the shell."""
    assert asked(shell, "bash", "catalog al") == ["plain,alerts"]
    assert asked(shell, "bash", "catalog changes --level b") == ["plain,breaking"]
    assert "plain,--dry-run" in asked(shell, "bash", "catalog sync --")
    assert asked(shell, "zsh", "catalog db ver")[:2] == ["plain", "verify"]
    assert asked(shell, "fish", "catalog provider in")[0].startswith("plain,infer\t")
    assert asked(shell, "bash", "catalog zzz --nope x") is not None


def _run_in(shell: Shell, folder: Path, *words: str) -> list[str]:
    """Run a shell of this system, and return its lines."""
    path = f"{COMMAND.parent}{os.pathsep}{os.defpath}"
    ran = subprocess.run(
        words,
        cwd=folder,
        env=shell.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return ran.stdout.splitlines()


def test_bash_itself_completes(shell: Shell, tmp_path: Path) -> None:
    """A real bash reads the script and completes a command."""
    lines = f"""
source <({COMMAND} completion bash)
complete -p catalog
COMP_WORDS=(catalog snap) COMP_CWORD=1
_catalog_completion catalog
echo "${{COMPREPLY[@]}}"
"""
    ran = _run_in(shell, tmp_path, "bash", "--norc", "-c", lines)
    assert ran == [
        "complete -o nosort -F _catalog_completion catalog",
        "snapshots",
    ]


@needs("zsh")
def test_zsh_itself_completes_each_time(shell: Shell, tmp_path: Path) -> None:
    """A real zsh loads the script from its path, and the second Tab completes like the first."""
    (tmp_path / "_catalog").write_text(shell("completion", "zsh").out)
    lines = """
compdef() { echo registered }
_describe() { echo "${completions_with_descriptions[1]%%:*}" }
fpath=(. $fpath) words=(catalog db ver) CURRENT=3
autoload -Uz _catalog
_catalog
_catalog
source ./_catalog
"""
    ran = _run_in(shell, tmp_path, "zsh", "-f", "-c", lines)
    assert ran == ["verify", "verify", "registered"]
