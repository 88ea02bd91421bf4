"""Decide which arguments, keys and variables take model names or limits.

The name of such an argument, key or variable is a place.
"""

import re
from functools import lru_cache
from typing import NamedTuple

# Calls with the name of a setting, then its default.
GETTERS = frozenset({
    "add_argument", "addoption", "argument", "config", "define", "dig", "env", "environ", "fetch",
    "get", "getattr", "getenv", "getenvironmentvariable", "getordefault", "getorelse", "getorput",
    "getproperty", "getstring", "getvalue", "lookup", "lookupenv", "option", "param", "parameter",
    "pop", "put", "putenv", "set", "setdefault", "setenv", "setproperty", "string", "stringvar",
    "value", "var",
})  # fmt: skip
# Calls on a setting's value with a default as argument.
FALLBACKS = frozenset({
    "default", "getorelse", "ifblank", "ifempty", "or", "or_else", "orelse", "orelseget",
    "presence_or", "unwrap_or", "unwrap_or_else", "valueor",
})  # fmt: skip
# Calls that copy their argument.
COPYING = frozenset({"from", "just", "new", "of", "some", "str", "string", "to_owned"})
# Calls that return their first argument with a value.
FIRSTS = frozenset({
    "coalesce", "defaultifblank", "defaultifempty", "defaultto", "firstnonempty", "firstnonnull",
    "firstof", "ifnull", "nvl", "or", "requirenonnullelse", "try",
})  # fmt: skip
# Methods and wrappers after a setting that still give its value.
SAME = FALLBACKS | {
    "any",
    "as",
    "as_deref",
    "as_ref",
    "clone",
    "cloned",
    "get",
    "lower",
    "ok",
    "orempty",
    "presence",
    "string",
    "strip",
    "to_s",
    "tolowercase",
    "tostring",
    "trim",
    "value",
}
# Keys of a default, beside the name of a setting.
DEFAULTS = frozenset({
    "choices", "const", "default", "default_factory", "default_value", "defaultvalue", "enum",
    "examples", "fallback", "options", "value",
})  # fmt: skip
# Keys of objects that are a part of the one around them.
PARTS = frozenset({
    "api", "client", "config", "connection", "litellm_params", "options", "params", "settings",
})  # fmt: skip
# Calls that make a list of their arguments.
LISTS = frozenset({
    "array", "arraylist", "arrayof", "aslist", "frozenset", "hashset", "list", "listof",
    "mutablelistof", "of", "set", "setof", "tuple", "vec",
})  # fmt: skip
# Keys that identify an object in a list of models, or the object that is one model.
IDENTITIES = frozenset({"id", "key", "modelid", "modelname", "name", "slug", "value"})
EQUALS = frozenset({"eq", "equals", "equalsignorecase", "is"})
CHOICES = frozenset({"case", "match", "switch", "when"})
# Beginnings of calls that set a model. Others find or make something, so their argument may be any
# text.
SETTERS = ("model", "set", "Set", "use", "with", "With")
# Methods that copy a string unchanged.
COPIES = frozenset({
    "as_str", "clone", "freeze", "into", "to_owned", "to_string", "to_sym", "toString",
})  # fmt: skip


WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
KEY = re.compile(r"(?!.*::)[\w$@.:-]+\Z")
FLAG = re.compile(r"-{0,2}[A-Za-z_][\w.:-]{0,60}\Z")
LONGEST = 200
"""Maximum characters of a place. Known ones stay cached."""
# Words after "model" that still mean its name: model_name, modelId.
NAMES = {"id", "ids", "name", "names", "slug", "slugs", "identifier", "identifiers"}
# Words before "model" that mean another kind of model: data_model, user_model.
OTHERS = {
    "access", "asset", "auth", "billing", "board", "camera", "car", "color", "colour", "content",
    "cpu", "data", "device", "disk", "domain", "drive", "execution", "expiration", "feature",
    "form", "gpu", "hardware", "license", "machine", "memory", "mesh", "object", "operation",
    "page", "permission", "phone", "pricing", "printer", "product", "role", "sensor", "shape",
    "signature", "table", "threat", "tree", "user", "vehicle", "view",
}  # fmt: skip
# Words after "model" that mean another property: model_type, model_path.
ABOUT = {
    "arch", "architecture", "author", "category", "class", "classes", "config", "dir",
    "description", "family", "field", "file", "format", "kind", "label", "module", "owner",
    "path", "prefix", "provider", "source", "state", "status", "suffix", "tag", "task",
    "template", "title", "tokenizer", "type", "types", "url", "vendor", "version",
}  # fmt: skip
# Words that do not distinguish the models of a configuration.
PLAIN = {"api", "model", "models", *NAMES}
# Words of the main model, which a limit without an owner belongs to.
LEADING = {"ai", "chat", "default", "llm", "main"}
_LIMITS = (
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
LIMITS = frozenset(map(frozenset, _LIMITS))
LIMIT_WORDS = frozenset().union(*LIMITS)


class Place(NamedTuple):
    """A place of one or `many` names. If `sure`, any string counts."""

    many: bool
    sure: bool


@lru_cache(maxsize=1024)
def words(name: str) -> tuple[str, ...]:
    """Split snake, kebab and camel case after the last dot or colon."""
    last = name.rsplit(".", 1)[-1].rsplit(":", 1)[-1]
    return tuple(map(str.lower, WORD.findall(last)))


def place(name: str) -> Place | None:
    """Return the place of an argument, key or variable, if any."""
    return _place(name) if len(name) <= LONGEST else None


@lru_cache(maxsize=8192)
def _place(name: str) -> Place | None:
    if not HEAD.search(name) or not KEY.match(name):
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
    if parts[at] in _MAYBE and not tail:
        return None
    return Place(many, parts[at].startswith("model") and tail)


# Words of places that may take other things too, so that only a known name counts.
_MAYBE = {"embedder", "engine", "fallback", "fallbacks", "reranker"}
_HEADS = {"model", "models", "llm", "llms"} | _MAYBE
HEAD = re.compile("model|llm|fallback|engine|embedder|reranker", re.IGNORECASE)


def is_flag(text: str) -> bool:
    """Return whether a string names a place: "MODEL", "--model", "llm.model"."""
    return FLAG.match(text) is not None and place(text) is not None


def limit(name: str) -> frozenset[str] | None:
    """Return the owner words of a token limit, None for other names."""
    return _limit(name) if len(name) <= LONGEST else None


@lru_cache(maxsize=8192)
def _limit(name: str) -> frozenset[str] | None:
    parts = frozenset(words(name))
    core = parts & LIMIT_WORDS
    if not core or (core not in LIMITS and core - {"model"} not in LIMITS):
        return None
    return parts - core - PLAIN


@lru_cache(maxsize=8192)
def owner(name: str) -> frozenset[str]:
    """Return the words that distinguish a place from others."""
    return frozenset(words(name)) - PLAIN
