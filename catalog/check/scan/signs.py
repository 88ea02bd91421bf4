"""Find the signs beside a name: providers, goods, calls of a model.

A sign is a key or value that shows what the name belongs to. Goods are things for sale that have a
`model` too, such as cars.
"""

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from catalog.check.scan.places import LEADING, LONGEST, PLAIN, limit, place, words

Kind = Literal["host", "provider", "name", "path", "goods", "call"]
MOST = 200
"""Maximum signs of one group."""
# Keys of the provider's address.
HOSTS = {"url", "uri", "base", "baseurl", "endpoint", "host", "hostname", "server", "address"}
# Keys of the provider's name, or of its client library.
PROVIDERS = {
    "provider", "providers", "vendor", "platform", "service", "backend", "gateway", "npm", "sdk",
    "client", "engine", "by",
}  # fmt: skip
# Keys of things that are made or sold.
GOODS = {
    "barcode", "brand", "chassis", "color", "colour", "ean", "horsepower", "make", "manufacturer",
    "mileage", "mpg", "msrp", "price", "serial", "sku", "stock", "upc", "vin", "warranty",
}  # fmt: skip
# Words that show that a price is per token.
METERED = {"token", "tokens", "input", "output", "prompt", "completion", "cached", "image"}
# Arguments of model calls, in lower case and without separators.
CALLS = {
    "completion", "embedding", "embeddings", "frequencypenalty", "guidance", "instructions",
    "maxretries", "messages", "negativeprompt", "presencepenalty", "prompt", "reasoningeffort",
    "responseformat", "stream", "system", "systemprompt", "temperature", "toolchoice", "topk",
    "topp", "transcription", "voice",
}  # fmt: skip
# Words of variables and calls that only concern AI models.
AI: Final = frozenset({
    "ai", "asr", "chat", "chatbot", "completion", "completions", "embed", "embedding",
    "embeddings", "gen", "genai", "gpt", "inference", "llm", "llms", "openai", "prompt", "rerank",
    "reranker", "speech", "stt", "transcribe", "transcription", "transcriptions", "tts", "vlm",
})  # fmt: skip
NO_OWNER: Final = frozenset[str]()
_NAMED = {("name",), ("id",), ("type",), ("kind",)}
_TYPES = {("api", "type"), ("model", "provider"), ("llm", "type")}
_SECRETS = {("api", "key"), ("api", "token"), ("access", "token"), ("auth", "token")}
_VALUED = {"host", "provider", "name"}
_VERBS = {"custom", "get", "set", "type", "use", "with"}


class Sign(NamedTuple):
    """A key or value beside a name. `owner` has the words that distinguish its key."""

    kind: Kind
    owner: frozenset[str]
    text: str


@lru_cache(maxsize=8192)
def is_access(key: str) -> bool:
    """Return whether a key takes a provider's address or a secret."""
    parts = words(key) if len(key) <= LONGEST else ()
    return parts[-2:] in _SECRETS or (bool(parts) and _kind(key) == "host")


def sign(key: str, text: str) -> Sign | None:
    """Return the sign of a key and its value, if any.

    `text` is empty for values that are not strings.
    """
    kind = _kind(key) if len(key) <= LONGEST else None
    if kind is None and text[:4] == "http":
        kind = "host"
    if kind is None or (kind in _VALUED and not text):
        return None
    shown = key if kind == "goods" else text
    return Sign(kind, _owner(key) if len(key) <= LONGEST else NO_OWNER, shown[:LONGEST])


@lru_cache(maxsize=8192)
def _kind(key: str) -> Kind | None:
    parts = words(key)
    if not parts:
        return None
    if parts in _NAMED:
        return "name"
    if "".join(parts) in CALLS or limit(key) is not None:
        return "call"
    if place(key) is not None and parts[-1] != "engine":
        return None
    if parts[-1] in GOODS:
        return None if METERED & set(parts) or (parts[-1] == "make" and len(parts) > 1) else "goods"
    if parts[-1] in HOSTS:
        return "host"
    return "provider" if parts[-1] in PROVIDERS or parts[-2:] in _TYPES else None


@lru_cache(maxsize=8192)
def _owner(key: str) -> frozenset[str]:
    return frozenset(words(key)) - PLAIN - LEADING - HOSTS - PROVIDERS - _VERBS


def is_ai(name: str) -> bool:
    """Return whether a place surely takes an AI model: LLM_MODEL, AI:Model."""
    return len(name) <= LONGEST and _is_ai(name)


@lru_cache(maxsize=8192)
def _is_ai(name: str) -> bool:
    return not AI.isdisjoint(word for part in re.split(r"[.:]", name) for word in words(part))


# Parts of texts about AI models.
AI_TEXTS = (
    "llm", "openai", "anthropic", "litellm", "langchain", "llamaindex", "llama_index", "ollama",
    "chat completion", "chat_completion", "chatcompletion", "chat.completion", "chat/completion",
    "language model", "max_tokens", "maxtokens", "max_completion_tokens", "max_output_tokens",
    "embedding", "inference", "transcription", "text-to-", "speech-to-", "huggingface", "gpt-",
    "system_prompt", "prompt", "generative", "diffusion",
)  # fmt: skip
AI_WORD = re.compile(r"(?<![a-z0-9])(?:gen)?ai(?![a-z0-9])")


def mentions_ai(lowered: str) -> bool:
    """Return whether a text in lower case mentions AI models."""
    return any(map(lowered.__contains__, AI_TEXTS)) or AI_WORD.search(lowered) is not None
