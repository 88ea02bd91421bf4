"""Match names of models in addresses. They may hold slashes and line breaks."""

from starlette.convertors import PathConvertor, register_url_convertor


class NameConvertor(PathConvertor):
    """The convertor `name`, such as in `/models/{provider}/{name:name}`."""

    regex = r"[\s\S]*"


def register_names() -> None:
    """Add the convertor `name` to Starlette."""
    register_url_convertor("name", NameConvertor())
