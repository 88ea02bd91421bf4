"""Ask the command `catalog mcp` by the client of the protocol's SDK."""

import asyncio
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import CallToolResult, TextContent, Tool

from tests.support.shell import COMMAND, SECONDS, Shell

Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one call: text, JSON, and whether it failed."""

    text: str
    json: Any
    is_error: bool


def ask(shell: Shell, *calls: Call, mode: str = "auto") -> list[Reply]:
    """Start the server in the shell's folder, call it, and stop it."""
    return asyncio.run(_ask(shell, calls, mode))


def tools(shell: Shell) -> tuple[str, list[Tool]]:
    """Return the instructions of the server and its tools."""

    async def look() -> tuple[str, list[Tool]]:
        async with Client(_server(shell)) as client:
            return client.instructions or "", (await client.list_tools()).tools

    return asyncio.run(look())


def raw(shell: Shell, *lines: str) -> tuple[int, list[Any], str]:
    """Write lines to the server and close its stdin.

    Return code, answers and stderr.
    """
    ended = subprocess.run(
        [str(COMMAND), *shell.before, "mcp"],
        input="".join(f"{line}\n" for line in lines),
        cwd=shell.folder,
        env=shell.environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=SECONDS,
    )
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr


async def _ask(shell: Shell, calls: Sequence[Call], mode: str) -> list[Reply]:
    async with Client(_server(shell), mode=mode) as client:
        return [_reply(await client.call_tool(name, given)) for name, given in calls]


def _server(shell: Shell) -> StdioServerParameters:
    words = [*shell.before, "mcp"]
    return StdioServerParameters(
        command=str(COMMAND), args=words, env=shell.environ, cwd=shell.folder
    )


def _reply(result: CallToolResult) -> Reply:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return Reply(content.text, result.structured_content, result.is_error)
