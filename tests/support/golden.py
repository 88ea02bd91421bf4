"""Make the golden documents from the shipped history. As a program, save them."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from catalog.config.build import wire_policy
from catalog.config.build_document import wire_publisher
from catalog.config.settings import Settings
from catalog.providers import recordings
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.store.database import MEMORY, Database
from catalog.sync.sync import Options, Sync

GOLDEN = Path(__file__).parents[1] / "golden"
OWN = Path(__file__).parents[2] / "docs" / "models.md"
"""The repository's own document, made from the whole shipped history."""


def documents() -> Iterator[tuple[str, str]]:
    """Poll the shipped history. Yield file name and document of each capture."""
    settings = Settings.model_validate({})
    publisher = wire_publisher(settings)
    assert publisher is not None
    database = Database(MEMORY)
    for recording in recordings.find(recordings.shipped()):
        payload = recordings.read_payload(recording.path, Infomaniak())
        sync = Sync(
            provider=Infomaniak(),
            fetch=partial(_first, payload),
            database=database,
            policy=wire_policy(settings),
            channels=(),
            publisher=None,
            clock=partial(_first, recording.at),
        )
        number = sync.run(Options(accept=True)).snapshot
        assert number is not None
        with database.reading() as connection:
            overview = publisher.overview(connection, number)
        yield f"{recording.path.name.partition('.')[0]}.md", publisher.compose(overview)
    database.close()


def main() -> None:
    """Write every golden document."""
    for old in GOLDEN.glob("*.md"):
        old.unlink()
    GOLDEN.mkdir(exist_ok=True)
    for name, text in documents():
        (GOLDEN / name).write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{GOLDEN / name}\n")
    OWN.write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{OWN}\n")


def _first(value: Any, *_: Any) -> Any:
    """Return the bound value for every argument."""
    return value


if __name__ == "__main__":
    main()
