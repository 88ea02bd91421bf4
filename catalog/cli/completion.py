"""`catalog completion`: print the script that completes commands in a shell."""

import click

from catalog.cli.mistyped import Choices
from catalog.cli.output import say

VARIABLE = "_CATALOG_COMPLETE"
"""Shells set this variable to ask for completions."""


@click.command()
@click.argument("shell", type=Choices(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the completion script of a SHELL.

    \b
    bash: catalog completion bash > ~/.local/share/bash-completion/completions/catalog
    zsh:  catalog completion zsh > "${fpath[1]}/_catalog"
    fish: catalog completion fish > ~/.config/fish/completions/catalog.fish

    Make the folder first if it is missing. New shells then complete commands, options and their
    values with the Tab key.
    """  # noqa: D301  # click takes the character to keep the lines
    from click.shell_completion import get_completion_class

    from catalog.cli.main import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise AssertionError("unreachable: click knows these shells")
    # Not `source()`, because for bash it would start bash to ask for its version.
    parts = kind(cli, {}, "catalog", VARIABLE)
    script = parts.source_template % parts.source_vars()
    # Replaced, because click's condition is only true for the first Tab in a zsh.
    say(script.replace("$zsh_eval_context[-1] == loadautofunc", "$funcstack[1] == _catalog"))
    return 0
