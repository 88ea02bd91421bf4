"""Which reader a file gets, and what can be passed over unread."""

import re

from catalog.check.scan import brackets, lines, notebook, prose, python, yaml
from catalog.check.scan.entries import Exhausted, Group

SUFFIXES = {
    "python": "py pyi pyw python python3",
    "javascript": "js mjs cjs jsx ts tsx mts cts vue svelte astro javascript typescript",
    "json": "json jsonc json5 webmanifest",
    "php": "php phtml",
    "go": "go golang",
    "ruby": "rb rake gemspec ruby",
    "java": "java groovy gradle",
    "kotlin": "kt kts kotlin",
    "csharp": "cs csx csharp",
    "rust": "rs rust",
    "hcl": "tf tfvars hcl terraform",
    "toml": "toml",
    "yaml": "yaml yml",
    "shell": "sh bash zsh ksh shell console",
    "env": "env dotenv envrc",
    "ini": "ini cfg conf properties",
    "dockerfile": "dockerfile containerfile docker",
    "prose": "md markdown mdx rst",
    "notebook": "ipynb",
}
LANGUAGES = {
    suffix: language for language, suffixes in SUFFIXES.items() for suffix in suffixes.split()
}
NAMES = {"gemfile": "ruby", "rakefile": "ruby", ".env": "env", ".envrc": "env"}
SHEBANG = re.compile(r"#![^\n]*?\b(python|node|deno|bun|ruby|php|bash|zsh|ksh|sh)(?:[\d.]*)\b")
INTERPRETERS = {"node": "javascript", "deno": "javascript", "bun": "javascript"}
# What a place looks like in lower case, and what stands behind it: a quoted word that may be a
# name, something opened at the end of the line, an option's default in the next one. Each begins
# with a word as it is, which is found fastest.
WORDS = ("model", "llm")
NAMED = r"[\"'`][a-z0-9](?:[\w.:/@+-]|,\s?){0,200}+\\?[\"'`]"
NEXT = rf"\s*(?:\w+\s*[=:]|{NAMED}\s*,?\s*[)\]])"
BEHIND = (
    rf"[\w-]{{0,60}}+(?!\.(?!eq|as|to|clo|fr|in)\w)(?:[^\n]{{0,200}}?(?:{NAMED}|\$\{{|%w)"
    rf"|(?! import)[^\n]{{0,80}}[=\[({{][ \t\r]*\n|[\"']:[ \t\r]*\n|[\"'],[ \t\r]*\n{NEXT}"
    r"|\([^\n]{0,2000}enum|:[\w./@+-]+\})"
)
HINTS = [
    re.compile("model" + BEHIND),
    re.compile("llm(?<![a-z]llm)" + BEHIND),
    re.compile(r"switch [(]?[\w.$]*(?:model|llm)"),
    re.compile(r"match [(]?[\w.$]*(?:model|llm)"),
    re.compile(r"case [\w.$]*(?:model|llm)"),
]
# Where strings need no quotes: a key with its value, the name of a setting, an option.
BARE = {
    "yaml": [re.compile(word + r"[\w.-]{0,60}+[\"']?[ \t]*(?:[:=]|[\"'],)") for word in WORDS]
    + [re.compile(r"(?:name:[ \t]*|-[ \t]+)[\"']?[\w-]*(?:model|llm)")],
    "toml": [re.compile(word + r"[\w.-]{0,60}+[\"']?[ \t]*[=\].]") for word in WORDS],
}
OFTEN = 1000
"""What has one of the words so often is read in any case: to look behind each takes longer."""
NESTING = {"prose", "notebook"}
MOST_BLOCKS = 10_000
"""Blocks of code in one file of prose or notebook, because each takes time, however short it is."""
NAMING = re.compile(r"model|llm|[/\\]", re.IGNORECASE)
"""What a block of code must hold: the name of a place, a model with its vendor, or an escape."""
# Read line by line, which is fast.
LINED = {"shell", "env", "ini", "dockerfile", "prose"}


def language_of(path: str) -> str | None:
    """Tell a language from a file's name; "" where its first line must tell, None for none."""
    name = path.rpartition("/")[2].lower()
    if name in NAMES or name.startswith(".env."):
        return NAMES.get(name, "env")
    if name.startswith(("dockerfile", "containerfile")):
        return "dockerfile"
    _, dot, suffix = name.rpartition(".")
    return LANGUAGES.get(suffix) if dot else ""


def language_in(text: str) -> str | None:
    """Tell the language of a script from its first line."""
    match = SHEBANG.match(text)
    if match is None:
        return None
    found = INTERPRETERS.get(match[1], match[1])
    return found if found in SUFFIXES else "shell"


def may_hold(lowered: str, language: str) -> bool:
    """Say whether a text may hold a place; what this refuses is not read further."""
    if not any(word in lowered for word in WORDS):
        return False
    hints = BARE.get(language, HINTS)
    return (
        language in LINED
        or sum(map(lowered.count, WORDS)) > OFTEN
        or any(hint.search(lowered) for hint in hints)
    )


def read(text: str, language: str) -> list[Group]:
    """Read a text as its language, or by its tokens where its parser refuses it.

    Raises Exhausted for a text that would take too long.
    """
    if language == "prose":
        return prose.read(text, blocks())
    if language == "notebook":
        return notebook.read(text, blocks())
    if language == "python":
        try:
            return python.read(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return brackets.read(text, "python")
    if language == "yaml":
        try:
            return yaml.read(text)
        except (yaml.Refused, RecursionError):
            return lines.read(text, "ini")
    if language in lines.PATTERNS:
        return lines.read(text, language)
    return brackets.read(text, language)


def blocks() -> prose.Code:
    """Return a function that reads the blocks of code of one file.

    A block in an unknown language is read as JavaScript. Raises Exhausted for too many blocks.
    """
    left = iter(range(MOST_BLOCKS))

    def code(text: str, language: str) -> list[Group]:
        if next(left, None) is None:
            raise Exhausted(f"it has more than {MOST_BLOCKS:,} blocks of code")
        found = LANGUAGES.get(language, "javascript")
        return [] if found in NESTING or not NAMING.search(text) else read(text, found)

    return code
