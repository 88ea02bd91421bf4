"""Find the provider that the text beside a name mentions."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice, pairwise
from types import MappingProxyType

from catalog.check.scan.places import words
from catalog.check.scan.signs import Sign

OWN = "own"
"""The value for the checked provider."""
HOST = re.compile(r"https?://([\w.-]{1,200}+(?::\d{1,5}+)?)")
LOADED = re.compile(
    r"(?:^[ \t]{0,200}+(?:from|import|require|using|use)[ \t]{1,9}+"
    r"|(?:from|require)[ \t(]{1,9}+(?=[\"']))"
    r"[{\w, \t}*@\"'./-]{1,200}+",
    re.MULTILINE,
)
TOKEN = re.compile(r"[a-z0-9]+")
MOST_LOADED = 1000
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Vendor:
    """The words by which code names a provider, in lower case."""

    name: str
    hosts: tuple[str, ...]
    keys: frozenset[str]
    families: frozenset[str]
    clients: frozenset[str]
    names: tuple[str, ...]


@cache
def vendors() -> Mapping[str, Vendor]:
    """Return the known providers by name."""
    text = files("catalog.check.scan").joinpath("vendors.toml").read_text("utf-8")
    return MappingProxyType({name: _vendor(name, row) for name, row in tomllib.loads(text).items()})


def _vendor(name: str, row: Mapping[str, Iterable[str]]) -> Vendor:
    given = {key: tuple(text.lower() for text in row.get(key, ())) for key in _FIELDS}
    return Vendor(
        name=name,
        hosts=given["hosts"],
        keys=frozenset(map(_joined, given["keys"])),
        families=frozenset(map(_joined, given["families"])),
        clients=frozenset(given["clients"]),
        names=given["names"],
    )


_FIELDS = ("hosts", "keys", "families", "clients", "names")


def _joined(text: str) -> str:
    return "".join(TOKEN.findall(text))


@cache
def _by_key() -> Mapping[str, str]:
    return {key: vendor.name for vendor in vendors().values() for key in vendor.keys}


@cache
def _by_word() -> Mapping[str, str]:
    """Return the keys that name no family of models."""
    return {
        key: vendor.name for vendor in vendors().values() for key in vendor.keys - vendor.families
    }


@cache
def _by_client() -> Mapping[str, str]:
    return {client: vendor.name for vendor in vendors().values() for client in vendor.clients}


@cache
def _by_host() -> Mapping[str, str]:
    return {host: vendor.name for vendor in vendors().values() for host in vendor.hosts}


@lru_cache(maxsize=8192)
def of_host(text: str) -> str | None:
    """Return the provider that an address belongs to."""
    match = HOST.search(text[: 2 * LONGEST])
    host = (match[1] if match else text.partition("/")[0]).lower()
    while host:
        if found := _by_host().get(host) or _by_host().get(host.partition(":")[0]):
            return found
        host = host.partition(".")[2]
    return None


def of_key(text: str, keys: Mapping[str, str] | None = None) -> str | None:
    """Return the provider of a key or library: groq, @ai-sdk/groq, x-ai."""
    keys = _by_key() if keys is None else keys
    parts = TOKEN.findall(text[:LONGEST].lower())
    joined = ["".join(parts), *(one + two for one, two in pairwise(parts))]
    return next((keys[each] for each in (*joined, *parts) if each in keys), None)


@lru_cache(maxsize=8192)
def of_path(text: str) -> str | None:
    """Return the provider in the name of a call, class or section."""
    if len(text) > LONGEST:
        return None
    for part in text.split("."):
        if found := _by_client().get(part.lower()):
            return found
    parts = [word for part in text.split(".") for word in words(part)]
    keys = _by_word()
    pairs = (one + two for one, two in pairwise(parts))
    return next((keys[each] for each in (*pairs, *parts) if each in keys), None)


class ProviderFinder:
    """A search for the provider that a sign or a file mentions.

    `markers` are the checked provider's words. `others` are names of other configured providers.
    """

    def __init__(self, markers: Iterable[str], others: Iterable[str] = ()) -> None:
        """Prepare the words of the checked provider."""
        self.markers = tuple(filter(None, (marker.lower() for marker in markers)))
        self.others = tuple(other.lower() for other in others)
        self.own = {
            vendor.name
            for vendor in vendors().values()
            if vendor.keys.intersection(map(_joined, self.markers))
            or any(of_host(marker) == vendor.name for marker in self.markers)
        }

    def is_own(self, text: str) -> bool:
        """Return whether a text has a word of the checked provider."""
        lowered = text.lower()
        return any(marker in lowered for marker in self.markers)

    def of(self, sign: Sign) -> str | None:
        """Return OWN, another provider, or None for a sign of neither."""
        if sign.kind in {"goods", "call"}:
            return None
        if self.is_own(sign.text):
            return OWN
        match sign.kind:
            case "host":
                found = of_host(sign.text)
            case "provider":
                found = of_key(sign.text) or of_path(sign.text) or self.other(sign.text)
            case "name":
                found = _by_word().get(_joined(sign.text.lower()))
            case _:
                found = of_path(sign.text)
        return OWN if found in self.own else found

    def of_prefix(self, name: str) -> str | None:
        """Return the other configured provider that a name begins with: router/x, router:x."""
        return next(
            (each for each in self.others if name.lower().startswith((f"{each}/", f"{each}:"))),
            None,
        )

    def other(self, text: str) -> str | None:
        """Return the other configured provider of this name."""
        return text if text.lower() in self.others else None

    def of_place(self, place: str) -> str | None:
        """Return the provider that a place is named after: GROQ_MODEL."""
        if self.is_own(place):
            return OWN
        found = of_path(place)
        return OWN if found in self.own else found

    def of_text(self, text: str) -> str:
        """Return the first other provider that a file mentions, else ""."""
        return next((each for each in self._in_text(text) if each not in self.own), "")

    def _in_text(self, text: str) -> Iterator[str]:
        for match in islice(HOST.finditer(text), MOST_LOADED):
            if found := of_host(match[0]):
                yield found
        for match in islice(LOADED.finditer(text), MOST_LOADED):
            if found := of_library(match[0]):
                yield found


def of_library(text: str) -> str | None:
    """Return the provider whose library a line loads: `from groq import Groq`."""
    for part in re.split(r"[ \t\"'{},()]+", text):
        steps = re.split(r"[/._-]", part.lstrip("@").lower())
        if steps[0] in _by_key() and steps[0] not in _GENERIC:
            return _by_key()[steps[0]]
        if found := _by_client().get(part.lower()):
            return found
        if part.startswith(_WRAPPERS) and (found := of_key(part)):
            return found
    return None


_GENERIC = {"google", "azure", "nvidia", "github", "service", "hf"}
_WRAPPERS = ("langchain_", "@langchain/", "@ai-sdk/", "langchain-", "llama_index.llms.")
