"""Serve the tools over stdin and stdout by the Model Context Protocol."""

import asyncio
import logging
import signal
from collections.abc import Mapping
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as WireTool
from pydantic import ValidationError

from catalog import __version__
from catalog.core.errors import ArgumentInvalid, CatalogError
from catalog.core.text import closest, did_you_mean
from catalog.core.unexpected import REPORT, log_unexpected
from catalog.core.visible import visible
from catalog.report.json_output import SCHEMA_VERSION
from catalog.web.tools.changes import CHANGES
from catalog.web.tools.ends import ENDS, REPLACE
from catalog.web.tools.models import GET, SEARCH
from catalog.web.tools.snippet import CHECK
from catalog.web.tools.store import Store
from catalog.web.tools.tool import QUOTED, Answer, Tool

TOOLS: Mapping[str, Tool[Any]] = {
    each.name: each for each in (SEARCH, GET, CHANGES, ENDS, REPLACE, CHECK)
}
INSTRUCTIONS = (
    "Answers come from a stored history of AI providers' model lists. Each says how old the "
    "history is. A model that is not found is unknown, which is no proof that it does not exist. "
    f"{QUOTED} The same is true of all names and texts in the JSON."
)
READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
logger = logging.getLogger(__name__)


def run(store: Store) -> None:
    """Answer until stdin is closed."""
    # Ctrl-C ends the process at once, because a thread waits for stdin and nothing is written.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        asyncio.run(_serve(store))
    except* BrokenPipeError:
        logger.info("the client closed its end")


async def _serve(store: Store) -> None:
    async def call(_: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        # In a thread, because the server answers pings meanwhile.
        return await asyncio.to_thread(_call, store, params.name, params.arguments or {})

    server: Server[Any] = Server(
        "catalog",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=_list,
        on_call_tool=call,
    )
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


async def _list(
    _: ServerRequestContext[Any], _params: PaginatedRequestParams | None
) -> ListToolsResult:
    return ListToolsResult(tools=[_wire(each) for each in TOOLS.values()])


def _wire(tool: Tool[Any]) -> WireTool:
    schema = tool.arguments.model_json_schema()
    return WireTool(
        name=tool.name,
        description=tool.description,
        input_schema={name: value for name, value in schema.items() if name != "title"},
        annotations=READ_ONLY,
    )


def _call(store: Store, name: str, arguments: Mapping[str, Any]) -> CallToolResult:
    """Return the answer of a tool, or the error as a result."""
    try:
        answer = _answer(store, name, arguments)
    except CatalogError as error:
        # The hint of the Python interface is of no use here.
        hint = "" if error.hint == ArgumentInvalid.hint else error.hint
        return _failed(str(error), hint)
    except Exception as error:  # noqa: BLE001  # a mistake of ours must not end the server
        return _failed(log_unexpected(logger, f"the tool {name} broke off", error), REPORT)
    return CallToolResult(
        content=[TextContent(type="text", text=answer.text)],
        structured_content={"schema_version": SCHEMA_VERSION, **answer.document},
    )


def _answer(store: Store, name: str, arguments: Mapping[str, Any]) -> Answer:
    """Check the arguments and call the tool, or raise ArgumentInvalid."""
    tool = TOOLS.get(name)
    if tool is None:
        meant = did_you_mean(closest(name, TOOLS))
        hint = f"There are: {', '.join(TOOLS)}."
        raise ArgumentInvalid(f"there is no tool {name!r}{meant}", hint=hint)
    try:
        wanted = tool.arguments.model_validate(arguments)
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        hint = f"The arguments of {name} are: {', '.join(tool.arguments.model_fields)}."
        raise ArgumentInvalid("; ".join(mistakes), hint=hint) from None
    return tool.answer(store, wanted)


def _failed(text: str, hint: str) -> CallToolResult:
    shown = f"error: {visible(text)}" + (f"\nhint: {hint}" if hint else "")
    return CallToolResult(
        content=[TextContent(type="text", text=shown)],
        structured_content={
            "schema_version": SCHEMA_VERSION,
            "error": {"text": text, "hint": hint},
        },
        is_error=True,
    )
