"""Decide which argument, key or variable takes a model name, and which takes its limit."""

import re
from functools import lru_cache
from typing import NamedTuple

# Calls that take the name of a setting, then what counts where it is not set.
GETTERS = frozenset({
    "add_argument", "addoption", "argument", "config", "define", "dig", "env", "environ", "fetch",
    "get", "getattr", "getenv", "getenvironmentvariable", "getordefault", "getproperty",
    "getstring", "lookupenv", "option", "param", "parameter", "pop", "put", "putenv", "set",
    "setdefault", "setenv", "setproperty", "string", "stringvar", "value", "var",
})  # fmt: skip
# Calls on what was asked for, whose argument counts where it is not set.
FALLBACKS = frozenset({
    "default", "ifempty", "or", "or_else", "orelse", "orelseget", "unwrap_or", "unwrap_or_else",
})  # fmt: skip
# Keys beside the name of a setting, in the call or block that makes it.
DEFAULTS = frozenset({
    "choices", "const", "default", "default_value", "defaultvalue", "enum", "fallback", "value",
})  # fmt: skip
# Calls that make a list of their arguments.
LISTS = frozenset({
    "array", "arraylist", "arrayof", "aslist", "frozenset", "hashset", "list", "listof",
    "mutablelistof", "of", "set", "setof", "tuple", "vec",
})  # fmt: skip
# Keys that tell one object of a list of models from the others.
IDENTITIES = frozenset({"id", "key", "modelid", "modelname", "name", "slug", "value"})
EQUALS = frozenset({"eq", "equals", "equalsignorecase", "is"})
CHOICES = frozenset({"case", "match", "switch", "when"})
# How calls begin that set a model, as they are written in most languages; others find or make
# something, and their argument may be anything.
SETTERS = ("model", "set", "Set", "use", "with", "With")
# What may be done to a string that leaves it what it is.
COPIES = frozenset({
    "as_str", "clone", "freeze", "into", "to_owned", "to_string", "to_sym", "toString",
})  # fmt: skip


WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
KEY = re.compile(r"[\w$@.-]+\Z")
FLAG = re.compile(r"-{0,2}[A-Za-z_][\w.:-]{0,60}\Z")
LONGEST = 200
"""A longer name is the name of nothing; those that are known stay in memory."""
# model_name, modelId: the word after "model" that still means its name.
NAMES = {"id", "ids", "name", "names", "slug", "slugs", "identifier", "identifiers"}
# data_model, user_model: models that are no models of language.
OTHERS = {
    "access", "asset", "auth", "billing", "board", "camera", "car", "color", "colour", "content",
    "cpu", "data", "device", "disk", "domain", "drive", "execution", "expiration", "feature",
    "form", "gpu", "hardware", "license", "machine", "memory", "mesh", "object", "operation",
    "page", "permission", "phone", "pricing", "printer", "product", "role", "sensor", "shape",
    "signature", "table", "threat", "tree", "user", "vehicle", "view",
}  # fmt: skip
# model_type, model_path: what is said of a model, and is not its name.
ABOUT = {
    "arch", "architecture", "author", "category", "class", "classes", "config", "dir",
    "description", "family", "field", "file", "format", "kind", "label", "module", "owner",
    "path", "prefix", "provider", "source", "state", "status", "suffix", "tag", "task",
    "template", "title", "tokenizer", "type", "types", "url", "vendor", "version",
}  # fmt: skip
# Words that do not tell one model of a configuration from another.
PLAIN = {"api", "model", "models", *NAMES}
# Words of the one model that a limit without an owner belongs to.
LEADING = {"ai", "chat", "default", "llm", "main"}
LIMITS = (
    {"context"},
    {"context", "window"},
    {"context", "length"},
    {"context", "size"},
    {"context", "limit"},
    {"context", "tokens"},
    {"max", "context"},
    {"max", "context", "length"},
    {"max", "context", "size"},
    {"max", "context", "tokens"},
    {"max", "input", "tokens"},
    {"max", "prompt", "tokens"},
    {"max", "model", "len"},
    {"max", "length", "tokens"},
    {"max", "seq", "len"},
    {"max", "tokens"},
    {"max", "token"},
    {"max", "completion", "tokens"},
    {"max", "output", "tokens"},
    {"max", "new", "tokens"},
    {"input", "token", "limit"},
    {"token", "limit"},
    {"tokens", "limit"},
    {"n", "ctx"},
    {"num", "ctx"},
)
LIMIT_WORDS = frozenset().union(*LIMITS)


class Place(NamedTuple):
    """Where names go: one or `many`; `sure` where any string there is meant as one."""

    many: bool
    sure: bool


def words(name: str) -> list[str]:
    """Split snake, kebab and camel case, and keep what follows the last dot."""
    return [word.lower() for word in WORD.findall(name.rsplit(".", 1)[-1])]


def place(name: str) -> Place | None:
    """Say whether an argument, key or variable of this name takes the name of a model."""
    return _place(name) if len(name) <= LONGEST else None


@lru_cache(maxsize=8192)
def _place(name: str) -> Place | None:
    if not KEY.match(name):
        return None
    parts = words(name)
    at = next((n for n in range(len(parts) - 1, -1, -1) if parts[n] in _HEADS), None)
    if at is None or (at and parts[at - 1] in OTHERS):
        return None
    rest = parts[at + 1 :]
    if any(word in ABOUT for word in rest):
        return None
    many = parts[at].endswith("s") or (bool(rest) and rest[-1] in {"ids", "names", "list"})
    tail = not rest or (len(rest) == 1 and rest[0] in NAMES | {"list"})
    return Place(many, parts[at].startswith("model") and tail)


_HEADS = {"model", "models", "llm", "llms"}


def is_flag(text: str) -> bool:
    """Say whether a string is the name of a place: "MODEL", "--model", "llm.model"."""
    return FLAG.match(text) is not None and place(text) is not None


def limit(name: str) -> frozenset[str] | None:
    """Say what a limit of this name belongs to, in the words left; None where it is none."""
    return _limit(name) if len(name) <= LONGEST else None


@lru_cache(maxsize=8192)
def _limit(name: str) -> frozenset[str] | None:
    parts = set(words(name))
    core = parts & LIMIT_WORDS
    if core not in LIMITS and core - {"model"} not in LIMITS:
        return None
    return frozenset(parts - core - PLAIN)


@lru_cache(maxsize=8192)
def owner(name: str) -> frozenset[str]:
    """Say what a place belongs to: the words that tell it from others of its configuration."""
    return frozenset(words(name)) - PLAIN
