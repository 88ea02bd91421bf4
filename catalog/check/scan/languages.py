"""Choose the reader of a file, and skip files without places."""

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
# A place in lower case and its continuation: a quoted word that may be a name, an opening at the
# end of the line, or an option's default in the next line. Each begins with a literal word, because
# that is the fastest search.
WORDS = ("model", "llm")
OTHERS = ("fallback", "engine", "embedder", "reranker")
"""Words of places that take other things too."""
NAMED = r"[\"'`][a-z0-9](?:[\w.:/@+-]|,\s?){0,200}+\\?[\"'`]"
NEXT = rf"\s*(?:\w+\s*[=:]|{NAMED}\s*,?\s*[)\]])"
# A default in the next line.
OTHERWISE = r"or\b|\|\||\?|: |else|except|catch"
BEHIND = (
    rf"[\w-]{{0,60}}+(?!\.(?!eq|as|to|clo|fr|in|un|or|if|pr|tr|st|va|ge)\w)"
    rf"(?:[^\n]{{0,200}}?(?:{NAMED}|\$\{{|%w)"
    rf"|(?! import)[^\n]{{0,80}}[=\[({{][ \t\r]*\n|[\"']:[ \t\r]*\n|[\"'],[ \t\r]*\n{NEXT}"
    r"|\([^\n]{0,2000}enum|:[\w./@+-]+\}"
    rf"|[^\n]{{0,80}}\n[ \t]{{0,80}}+(?:{OTHERWISE})|[^\n]{{0,80}}\bdo\b)"
)
HINTS = [
    re.compile("model" + BEHIND),
    re.compile("llm(?<![a-z]llm)" + BEHIND),
    re.compile(r"switch [(]?[\w.$]*(?:model|llm)"),
    re.compile(r"match [(]?[\w.$]*(?:model|llm)"),
    re.compile(r"case [\w.$]*(?:model|llm)"),
    *(
        re.compile(
            rf"{word}s?[\w-]{{0,20}}+[\"']?[)\]]?[ \t]{{0,9}}+[=:,]"
            rf"[^\n]{{0,99}}?(?:{NAMED}|[\[{{]\s)"
        )
        for word in OTHERS
    ),
]
# Languages in which strings need no quotes: a key and value, a setting's name, an option.
BARE = {
    "yaml": [
        re.compile(word + r"[\w.-]{0,60}+[\"']?[ \t]*(?:[:=]|[\"'],)") for word in WORDS + OTHERS
    ]
    + [
        re.compile(r"(?:(?:name|key):[ \t]*|-[ \t]+)[\"']?[\w-]*(?:model|llm)"),
        re.compile(r"(?:model|llm)[\w.-]{0,60}+[)\s]{0,9}+\|[ \t]{0,9}+default\b"),
        re.compile(rf"\bdefault[ \t]{{1,9}}+{NAMED}[ \t(]{{1,9}}+[\w.$]{{0,60}}?(?:model|llm)"),
    ],
    "toml": [re.compile(word + r"[\w.-]{0,60}+[\"']?[ \t]*[=\].]") for word in WORDS + OTHERS],
}
OFTEN = 1000
"""Number of words that make a file worth reading.

More checks would take longer than reading.
"""
NESTING = {"prose", "notebook"}
MOST_BLOCKS = 10_000
"""Maximum code blocks per prose file or notebook, because each takes time."""
NAMING = re.compile(r"model|llm|fallback|engine|embedder|reranker|[/\\]", re.IGNORECASE)
"""Required content of a code block: a place, vendor, or escape."""
# Always read, because reading by line is fast.
LINED = {"shell", "env", "ini", "dockerfile", "prose"}


def language_of(path: str) -> str | None:
    """Return a language by file name, None if unknown.

    The result is "" for a script that needs a check of its first line.
    """
    name = path.rpartition("/")[2].lower()
    if name in NAMES or name.startswith(".env."):
        return NAMES.get(name, "env")
    if name.startswith(("dockerfile", "containerfile")):
        return "dockerfile"
    _, dot, suffix = name.rpartition(".")
    return LANGUAGES.get(suffix) if dot else ""


def language_in(text: str) -> str | None:
    """Return the language of a script by its first line."""
    match = SHEBANG.match(text)
    if match is None:
        return None
    found = INTERPRETERS.get(match[1], match[1])
    return found if found in SUFFIXES else "shell"


def may_hold(lowered: str, language: str) -> bool:
    """Return False if a text cannot contain a place."""
    if not any(word in lowered for word in WORDS + OTHERS):
        return False
    hints = BARE.get(language, HINTS)
    return (
        language in LINED
        or sum(map(lowered.count, WORDS)) > OFTEN
        or any(hint.search(lowered) for hint in hints)
    )


def read(text: str, language: str) -> list[Group]:
    """Read a text in its language, by tokens if the parser fails.

    Raise Exhausted if it would take too long.
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
    """Return a function that reads the code blocks of one file.

    A block in an unknown language is read as JavaScript. The function raises Exhausted for too many
    blocks.
    """
    left = iter(range(MOST_BLOCKS))

    def code(text: str, language: str) -> list[Group]:
        if next(left, None) is None:
            raise Exhausted(f"it has more than {MOST_BLOCKS:,} blocks of code")
        found = LANGUAGES.get(language, "javascript")
        return [] if found in NESTING or not NAMING.search(text) else read(text, found)

    return code
