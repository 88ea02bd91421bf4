"""Calls and keys that hand a model's name on, in any language."""

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
