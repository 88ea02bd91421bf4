"""Build the document's publisher and annotations from settings."""

from dataclasses import replace
from functools import cache, lru_cache
from importlib.resources import files
from string import Template

from catalog.config.settings import Settings
from catalog.providers.provider import make
from catalog.report import annotations
from catalog.report.endpoint import endpoint
from catalog.sync.publish import Publisher


def wire_publisher(settings: Settings) -> Publisher | None:
    """Build the publisher, or return None without a document."""
    document = settings.document
    if document.path is None:
        return None
    one = settings.one
    provider = make(one.name, one.description)
    words = annotations.load_sections(_shipped(one.kind, "sections.toml"))
    if one.description is not None:
        listed = f"{(one.url or '').rstrip('/')}{one.description.route}"
        api = {"endpoint": endpoint(listed, one.description.chat)}
        words = replace(words, source=f"GET {listed}", texts=api)
    return Publisher(
        provider=one.name,
        lifecycle=provider.lifecycle,
        announced=provider.announced,
        path=document.path,
        template=template(one.kind, one.name),
        sections=words,
        annotations=wire_annotations(settings),
        product_id=one.product_id,
        recent=document.recent,
        spares=not document.is_chosen,
    )


def template(kind: str, name: str) -> str:
    """Return the template of a document, with empty regions."""
    return Template(_shipped(kind, "document.md")).safe_substitute(provider=name)


def wire_annotations(settings: Settings) -> annotations.Annotations:
    """Read the user's annotations and the shipped ones as fallback."""
    sources = [("the shipped annotations", _shipped(settings.one.kind, "annotations.toml"))]
    if settings.document.annotations is not None:
        sources.insert(0, annotations.read(settings.document.annotations))
    return _annotations(*sources)


# A server asks for each page, and the user's file may change meanwhile.
_annotations = lru_cache(32)(annotations.load)


@cache
def _shipped(kind: str, name: str) -> str:
    folder = "infomaniak" if kind == "infomaniak" else "described"
    return files(f"catalog.providers.{folder}").joinpath(name).read_text(encoding="utf-8")
