"""Texts that cost a scanner time or memory, in every language."""

from collections.abc import Callable
from functools import partial
from typing import Final

# The beginning that makes the scanner read a file, with its one use of a model.
STARTS: Final = {
    "a.py": 'model = "m1"\n',
    "a.js": 'const model = "m1"\n',
    "a.json": '{"model": "m1",\n',
    "a.php": '<?php $model = "m1";\n',
    "a.go": 'model := "m1"\n',
    "a.rb": 'model = "m1"\n',
    "a.java": 'String model = "m1";\n',
    "a.kt": 'val model = "m1"\n',
    "a.cs": 'string model = "m1";\n',
    "a.rs": 'let model = "m1";\n',
    "a.tf": 'model = "m1"\n',
    "a.toml": 'model = "m1"\n',
    "a.yaml": "model: m1\n",
    "a.sh": "MODEL=m1\n",
    ".env": "MODEL=m1\n",
    "a.ini": "model = m1\n",
    "Dockerfile": "ENV MODEL=m1\n",
    "a.md": "The model `m1`.\n",
    "a.ipynb": '{"cells": [{"cell_type": "code", "source": ["model = \'m1\'\\n"]},\n',
}
# Repeated as they are: signs, openings that nothing closes, and the smallest of each construct.
SIGNS: Final = (*"\"'`\\/#*<>()[]{}=:;,.-+%&|?!$@~^ \t\n\r0aA_\xe9\U0001f600",)
OPENINGS: Final = (
    '"""', "'''", '"\\"', "'\\'", '\\"', "/*", "//", "<!--", "${", "#{", "${a-", "${a:-",
    "${model:-", "%w[", "%w", 'r#"', 'r##"', 'R"(', '@"', '$@"', '$"""', "=begin\n", "=end\n",
    "<<EOF\n", "<<~A\n", "```\n", "~~~\n", "```a\n", "> ```\n", "``", "` `", "`a", "`a\n",
    "`` ` ", "((", "({[", "f(", "[[", "[[a]]\n", "[a]\n", "[a\n", "{{", "{a:", '{"a":',
    '{"model":', '["', '["model",', "f'{", "f\"{f'{", "lambda:", "not ", "-", "- ", "? ", "- - ",
    "a: {", "a: [", "!a ", "&a ", "*a ", "| ", ">\n", "|\n ", "%TAG ! a\n", "---\n", "...\n",
    "=/[", "=/", "=/a", "return /", "=/[" * 33 + "\\a",
)  # fmt: skip
SMALL: Final = (
    "a.", "a=", "a = ", "a,", "a ", "a\n", "a-", "a/", "a/a ", "/a", "a:", "a: ", "a:\n",
    "a: a\n", "a=1\n", "x=1;", "1,", "1 ", "()", "[]", "{}", "[],", "{},", "f()", "f(),", "a[0]",
    "''", '""', '"",', '"a/b",', "'a/b' ", "`a` ", "`a/b` ", "=>", "->", "::", "::a", "==", "&&",
    "model", "model.", "model_", "model-", "model ", "model\n", "model=", "model =", "model= ",
    "model:", "model: ", "model=a\n", "model='a'\n", 'model = "a"\n', "model: a\n", "model=[",
    "model={", "model(", 'model("a")\n', '"model"', '"model":', '"model": "a",',
    '"model": "a",\n', "models=", 'models=["a",', "MODEL=", "--model", "--model ", '--model "',
    "-a ", "-m model ", "--model a ", "export ", "ENV ", "ENV MODEL ", "ARG model=\n",
    "max_tokens=1\n", "max_tokens: 1\n", '"max_tokens": 1,', "model=a,max_tokens=1,",
    "model=a\nmax_tokens=1\n", "model='a'\nmax_tokens=1\n", "model: a\nmax_tokens: 1\n",
    "case model ", "switch (model", "switch(model){", "match model", "enum", "catalog: ignore\n",
    "# catalog: ignore[a] b\n", "# catalog: ignore ", "if a: pass\n", "else: ", "a if b else ",
    "class a:\n ", "def a():\n", "async ", "await ", "return ", "import a\n", "@a\n", "a;",
    'model="abc",', 'model="abc"\n', '"model":"abc", ', '"a/bc",', "a/b\n", "model=%\n",
    "#model\n", "${model-a/b}\n", '"ab",', "abc,", "[ab], ", "if ab ", "model = x = y = 'a'\n",
    "- a/b\n", "- model: a\n", "model `a`\n", "```\n```\n", "```sh\nmodel=a\n```\n",
    '```\nmodel="a"\n```\n', '```py\nmodel="a"\n```\n', "```yaml\nmodel: a\n```\n",
    '"source":["model = \'a\'"],', '"source":["f()"],', '"source":"",', '"a":1,',
    '{"cell_type":"markdown","source":["`a` model"]},', "a.b.", "a or ",
    "provider: groq\n", 'provider="groq"\n', '"provider": "groq",',
    'base_url="https://api.groq.com"\n',
    "https://a.b.c/ ", "import groq\n", "from ", "model or ", 'model or "a"\n', "model || ",
    'model ? "a" : ', 'f(model="a").g().', "openai/", "openai:", "model=openai/a\n", "fallback=a\n",
    '{"provider":"groq","model":"a"},', 'x = f(model="a")\n', "brand=1\n", "engine = ",
    'fetch(:model) { "a" }\n', "a+", "a**", "a[", "a(", "a{", "a<", "a<b>", "!!a ", "<<: *a\n",
    "&a: b\n",
    "*a : ", "- a\n", "-\n", "- model: a\n", "? a\n", "a, ", "\ta", "a\\\n", "\\\n", "#\n",
    "# \n", " #", "'#", '"#', ";#", "%a", "!a", "[a](b) ", "a\r", "a\x0b", "\u2028",
)  # fmt: skip
# An opening, then an endless repetition: start, unit, end.
LONG: Final = (
    ("MODEL=${a", "-", ""), ("MODEL=${", "a", ""), ("MODEL=${", "a-", "}"),
    ('x = "', '\\"""', ""), ('x = "\\"\\"\\"', "a", ""), ("x = '", "\\'''", ""),
    ('x = "', '\\"', ""), ('x = "', "\\\\", ""), ("x = `", "\\`", ""), ("model=", " ", ""),
    ("model=", " ", "'"), ("model:", "\t", ""), ("model", " ", "=a"), (" ", " ", "model=a"),
    ("model = ", "a ", ""), ("model = '", "a", ""), ('model = "', "a", '"'),
    ("models = '", "a,", "'"), ('models = "', "a, ", '"'), ("models=", "a,", ""),
    ("model = ", "(", ""), ("model = ", "[", ""), ("model = ", "{", ""), ("models = ", "[", "]"),
    ("models = [", '"a",', "]"), ('models = ["', 'a","', '"]'), ("models = [", "['a'],", "]"),
    ("models = {", "'a':'b',", "}"), ("models = {", "'a':{},", "}"), ("model: ", "[", ""),
    ("models: [", "a,", "]"), ("models: {", "a: b,", "}"), ("models:\n", "- a\n", ""),
    ("a: &a [", "x,", "]\n"), ("", "a.", "=1"), ("[", "a.", "]"), ("[[", "a.", "]]\n"),
    ("{{", " ", ""), ("x = ", "-", "1"), ("x = ", "not ", "1"), ("x = ", "a+", "1"),
    ("x = ", "a.", "b"), ("x = ", "f(", ")"), ("x = ", "a[0]", ""), ("x = ", "(", ")"),
    ("x = ", "lambda: ", "0"), ("x = ", "a if b else ", "c"), ("x = [", "0,", "]"),
    ("x = {", "0:0,", "}"), ("x = f'", "{a}", "'"), ("x = f'", '{f"', "'"),
    ("x = '''", "a\n", ""), ('"""', "\\", ""), ("/*", "*", ""), ("/*", " /*", "*/"),
    ("#", "#", ""), ("//", "/", ""), ("<!--", "-", ""), ("=begin", "\n", ""), ("```", "`", ""),
    ("```\n", "`", ""), ("", "`", "\n```\n"), ("> ", "> ", "```\n"), ("", " \t", "```\n"),
    ("~~~", "a", ""), ("model `", "a", ""), ("model ", "`a` ", ""), ("model ", "`", "a"),
    ("``", "a`", ""), ("model: |\n", " a\n", ""), ("model: >\n", "  \n", ""),
    ("model: '", "''", ""), ("a: ", "b ", ""), ("? ", "a ", ""), ("", " ", "- a"),
    ("model: &", "a", ""), ("%", "a", ""), ("1", "1", ""), ("x = 0x", "f", ""),
    ("x = ", "1", "\n"), ("x = ", "1_", "\n"), ("max_tokens = ", "9", "\n"),
    ("max_tokens: ", "9", "\n"), ("#!/", "a/", "python"), ("-", "-", "model"),
    ("--", "a-", "model x"), ("switch (", "a.", "model"), ("case ", "a", ""),
    ("case ", "a.", "model"), ("model(", "\n", ""), ("model: ", "\r", ""),
    ("model = ", '"a" + ', '"b"'), ("model = ", "a ? ", '"b"'), ("model ? ", ": ", ""),
    ("model ", "?? ", '"a"'), ('getenv("MODEL", ', '"a", ', ")"), ("model == ", '"a" == ', '"b"'),
    ("model", "=", '"a"'), ("model = {", "model: {", ""), ('{"source": ["', "a", '"]}'),
    ('"source": [', '"a\\n",', "]"), ('"source": ["', "model = 'a'\\n", '"]'),
    ('"source": [', "\"model = 'a'\\n\",", "]"), ('"source": "', "\\u0041", '"'),
    ('"source": "', "\\ud800", '"'),
    ('"cell_type": "markdown", "source": [', '"`a` model\\n",', "]"),
    ('"cell_type": "markdown", "source": ["', "```\\n", '"]'), ("catalog: ignore[", "a,", "]"),
    ("# catalog: ignore[", "a ", ""), ("# catalog:", " ", ""), ("# catalog: ignore", " ", "x"),
    ("<!-- catalog: ignore", " -->", ""), ("model = '", "openai/", "a'"), ("https://", "a.", "b"),
    ("x = https://", "a", ""), ("model = ", "x or ", '"a"'), ("x = ", 'f(model="a").', "b"),
    ("x = ", "model ? a : ", '"b"'), ("import ", "a, ", ""),
    ("x = {", '"a": {"provider": "groq", "model": "b", ', ""),
    ("fallbacks = [", '{"a": ["b"]},', "]"), ("from ", "a.", "a import b"),
    ("import ", "a.", "a"), ("x = ", "'ab' ", ""), ("x = ", "model if a else ", "'b'"),
    ("x = ", "model || ", '"b"'), ("x = ", "model ?? ", '"b"'), ("x = ", "model ?: ", '"b"'),
    ("x = ", "model ? ", '"b"'), ("f({", "url: 1, ", "model: 'a'})"),
)  # fmt: skip
EACH: Final = "\0"  # placeholder of a number that differs in each repetition
NUMBERED: Final = (
    ("", "model_\0 = 'a'\n", ""), ("", '"model\0": "a\0",\n', ""),
    ("", "model\0: a\0\n", ""), ("", "[[a\0]]\n", ""), ("", "[a\0]\n", ""),
    ("", "[models.a\0]\n", ""), ("", "MODEL\0=a\0\n", ""),
    ("", "a\0_model=b\na\0_max_tokens=\0\n", ""), ("models = [", '"a\0", ', "]"),
    ("", "`a\0` ", ""), ("", "%TAG !a\0! b\n", "--- a\n"), ("", "&a\0 b: *a\0\n", ""),
    ("model: &a [b]\n", "model\0: *a\n", ""), ("", 'model = r\0#"', ""),
    ("", "```a\0\n", ""), ("", "<<A\0\n", ""), ("", "\0", ""), ("", "a\0.", "b=1"),
    ("", "model = 'infomaniak/a\0'\n", ""), ("", "MODEL = 'Qwen/Qwen3-Embeding-\0B'\n", ""),
    ("", "&a\0 [*a,", ""), ("", "A\0_PROVIDER=groq\nA\0_MODEL=a\n", ""),
    ("", "c\0 = f(base_url='https://api.groq.com')\nc\0.g(model='a')\n", ""),
    ("", '"a\0": {"provider": "groq", "model": "a"},\n', ""), ("", "FALLBACK\0=granite\n", ""),
    ("", "base_url\0='https://a\0.b.c', model='granite'\n", ""),
    ("", "model\0 or 'granite'\n", ""),
)  # fmt: skip


Text = Callable[[], str]


def texts(name: str, size: int) -> dict[str, Text]:
    """Return a function for each hostile text of this size, by title."""
    start = STARTS[name]
    plain = [("", unit, "") for unit in (*SIGNS, *OPENINGS, *SMALL)]
    repeated: dict[str, Text] = {
        f"{before} {unit} {after}": partial(_repeated, start + before, unit, after, size)
        for before, unit, after in (*plain, *LONG, *NUMBERED)
    }
    return repeated | {title: partial(make, start, size) for title, make in SEVERAL.items()}


def _repeated(before: str, unit: str, after: str, size: int) -> str:
    count = size // (len(unit.encode()) + 4 * unit.count(EACH))
    if EACH not in unit:
        return before + unit * count + after
    return before + "".join(unit.replace(EACH, str(n)) for n in range(count)) + after


def _growing(unit: str, behind: str, start: str, size: int) -> str:
    """Repeat a sign once more each time."""
    return start + "".join(unit * n + behind for n in range(3, int((2 * size) ** 0.5)))


def _around(before: str, left: str, right: str, start: str, size: int) -> str:
    """Open and close the same number of times."""
    count = size // (len(left) + len(right))
    return start + before + left * count + right * count


def _aliases(unit: str, start: str, size: int) -> str:
    """Give many keys one shared long list."""
    items = "x, " * (size // 6)
    keys = "".join(unit.replace(EACH, str(n)) for n in range(size // 2 // (len(unit) + 5)))
    return f"{start}a: &a [{items}]\n{keys}"


def _bomb(start: str, size: int) -> str:
    """Nest lists so that each contains the previous one nine times."""
    lists = (f"model{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, size // 80))
    return f"{start}a0: &a0 [x]\n{''.join(lists)}"


def _shared(key: str, start: str, size: int) -> str:
    """Give many keys one shared long mapping of YAML."""
    pairs = ", ".join(f"x{n}: 1" for n in range(size // 20))
    return f"{start}a: &a {{{pairs}}}\n{key * (size // 2 // len(key))}"


def _long_alias(start: str, size: int) -> str:
    """Give many keys one shared long string of YAML."""
    aliases = "model: *a\n" * (size // 20)
    return f"{start}model: &a {'x' * (size // 2)}\n{aliases}"


def _targets(target: str, value: tuple[str, str, str], start: str, size: int) -> str:
    """Assign one long value to many variables. It has a beginning, a repeated part, and an end."""
    left, unit, right = value
    half = size // 2
    return f"{start}{target * (half // len(target))}{left}{unit * (half // len(unit))}{right}\n"


def _adopted(opens: str, closes: str, start: str, size: int) -> str:
    """Nest calls that inherit the signs of the innermost call."""
    block = f"{opens * 400}{{{'url: 1, ' * 220}}}{closes * 400}\n"
    return start + block * (size // len(block))


# Those of several parts that grow.
SEVERAL: Final[dict[str, Callable[[str, int], str]]] = {
    "deep and closed": partial(_around, "x = ", "(", ")"),
    "deep lists closed": partial(_around, "x: ", "[", "]"),
    "deep objects closed": partial(_around, "", '{"a":', "}"),
    "openings, then closings": partial(_around, "", "[", ")"),
    "quotes, then others": partial(_around, "", '"', "'"),
    "runs of backticks": partial(_growing, "`", " "),
    "fences of growing length": partial(_growing, "`", "\n"),
    "indented": partial(_growing, " ", "a:\n"),
    "indented models": partial(_growing, " ", "model:\n"),
    "raw strings of growing length": partial(_growing, "#", '" r'),
    "one list, many aliases": partial(_aliases, "model: *a\n"),
    "one list, many keys": partial(_aliases, f"model{EACH}: *a\n"),
    "bomb": _bomb,
    "one mapping, many configurations": partial(_shared, "b: {config: *a}\n"),
    "one mapping, many models": partial(_shared, "models: [*a]\n"),
    "one mapping, many defaults": partial(_shared, "model: *a\n"),
    "one string, many aliases": _long_alias,
    "one string, many variables": partial(_targets, "model = ", ("'", "x", "'")),
    "one list of mappings, many variables": partial(_targets, "models = ", ("[", "{},", "]")),
    "one mapping, many variables": partial(_targets, "model = ", ("{", "'a': 1,", "}")),
    "one call, many variables": partial(_targets, "model = ", ("f(", "*a,", ")")),
    "signs of the innermost": partial(_adopted, "f({model: 'a', client: ", "})"),
}
