"""Write the API addresses of a provider that has only a description."""

from urllib.parse import urljoin

from catalog.report.markdown import code


def endpoint(listed: str, chat: str | None) -> str:
    """Return the text of the region `endpoint`.

    `listed` is the address of the list. `chat` is the address of chat completions relative to it,
    None if it is unknown.
    """
    lines = [f"- **Base URL:** {code(urljoin(listed, '.').rstrip('/'))}"]
    if chat is not None:
        lines.append(f"- **Chat completions:** {code(f'POST {urljoin(listed, chat)}')}")
    lines.append(f"- **Models list:** {code(f'GET {listed}')}")
    return "\n".join(["## API Endpoint", "", *lines])
