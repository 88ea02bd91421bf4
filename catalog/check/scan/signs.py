"""Collect what stands beside a name: providers, goods for sale, calls of a model."""

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
# Words that make a price one of tokens.
METERED = {"token", "tokens", "input", "output", "prompt", "completion", "cached", "image"}
# Arguments of a call of a model, by their words without signs.
CALLS = {
    "completion", "embedding", "embeddings", "frequencypenalty", "guidance", "instructions",
    "maxretries", "messages", "negativeprompt", "presencepenalty", "prompt", "reasoningeffort",
    "responseformat", "stream", "system", "systemprompt", "temperature", "toolchoice", "topk",
    "topp", "transcription", "voice",
}  # fmt: skip
# Words of a variable or call that only deals with models of AI.
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
    """Return whether a key takes the address of a provider or the secret of a client."""
    parts = words(key) if len(key) <= LONGEST else ()
    return parts[-2:] in _SECRETS or (bool(parts) and _kind(key) == "host")


def sign(key: str, text: str) -> Sign | None:
    """Return the sign of a key and its value, empty for values that are no strings."""
    kind = _kind(key) if len(key) <= LONGEST else None
    if kind is None and text[:4] == "http":
        kind = "host"
    if kind is None or (kind in _VALUED and not text):
        return None
    said = key if kind == "goods" else text
    return Sign(kind, _owner(key) if len(key) <= LONGEST else NO_OWNER, said[:LONGEST])


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
    """Return whether a place can only be one of a model of AI: LLM_MODEL, AI:Model."""
    return len(name) <= LONGEST and _is_ai(name)


@lru_cache(maxsize=8192)
def _is_ai(name: str) -> bool:
    return not AI.isdisjoint(word for part in re.split(r"[.:]", name) for word in words(part))


# What a text says that deals with models of AI.
SPEAKS = (
    "llm", "openai", "anthropic", "litellm", "langchain", "llamaindex", "llama_index", "ollama",
    "chat completion", "chat_completion", "chatcompletion", "chat.completion", "chat/completion",
    "language model", "max_tokens", "maxtokens", "max_completion_tokens", "max_output_tokens",
    "embedding", "inference", "transcription", "text-to-", "speech-to-", "huggingface", "gpt-",
    "system_prompt", "prompt", "generative", "diffusion",
)  # fmt: skip
SPEAKS_AI = re.compile(r"(?<![a-z0-9])(?:gen)?ai(?![a-z0-9])")


def speaks_of_models(lowered: str) -> bool:
    """Return whether a text in lower case speaks of models of AI."""
    return any(map(lowered.__contains__, SPEAKS)) or SPEAKS_AI.search(lowered) is not None
