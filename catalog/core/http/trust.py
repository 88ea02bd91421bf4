"""Trust the certificates of a file."""

import ssl
from pathlib import Path

from catalog.core.errors import SettingsInvalid


def trust(context: ssl.SSLContext, file: Path) -> None:
    """Add the certificates of a PEM file, or raise SettingsInvalid."""
    try:
        context.load_verify_locations(cafile=file)
    except ssl.SSLError:
        text = f"{file} contains no readable certificate"
        raise SettingsInvalid(text, hint="Write certificates in PEM format there.") from None
    except OSError as error:
        raise SettingsInvalid(f"cannot read {file}: {error.strerror}") from None
