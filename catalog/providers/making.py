"""Create a provider: built in, or from a description."""

from catalog.providers.described.description import Description
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.providers.provider import Provider


def make(name: str, description: Description | None) -> Provider:
    """Return the provider. Without a description it is Infomaniak."""
    if description is None:
        return Infomaniak(name)
    from catalog.providers.described.provider import Described

    return Described(name, description)
