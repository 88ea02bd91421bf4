"""Texts that are made to take a scanner's time or memory, for every language that is scanned."""

from collections.abc import Iterator
from typing import Final

# What makes a file worth reading, and its one use.
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
    "=/[", "=/", "=/a", "return /",
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
    "a.b.", "a or ", "a+", "a**", "a[", "a(", "a{", "a<", "a<b>", "!!a ", "<<: *a\n", "&a: b\n",
    "*a : ", "- a\n", "-\n", "- model: a\n", "? a\n", "a, ", "\ta", "a\\\n", "\\\n", "#\n",
    "# \n", " #", "'#", '"#', ";#", "%a", "!a", "[a](b) ", "a\r", "a\x0b", "\u2028",
)  # fmt: skip
# Something opened, then what goes on and on: start, unit, end.
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
    ("# catalog: ignore[", "a ", ""), ("# catalog:", " ", ""), ("# catalog: ignore", " ", "*/"),
    ("<!-- catalog: ignore", " -->", ""),
)  # fmt: skip
EACH: Final = "\0"  # stands for a number that differs in each repetition
NUMBERED: Final = (
    ("", "model_\0 = 'a'\n", ""), ("", '"model\0": "a\0",\n', ""),
    ("", "model\0: a\0\n", ""), ("", "[[a\0]]\n", ""), ("", "[a\0]\n", ""),
    ("", "[models.a\0]\n", ""), ("", "MODEL\0=a\0\n", ""),
    ("", "a\0_model=b\na\0_max_tokens=\0\n", ""), ("models = [", '"a\0", ', "]"),
    ("", "`a\0` ", ""), ("", "%TAG !a\0! b\n", "--- a\n"), ("", "&a\0 b: *a\0\n", ""),
    ("model: &a [b]\n", "model\0: *a\n", ""), ("", 'model = r\0#"', ""),
    ("", "```a\0\n", ""), ("", "<<A\0\n", ""), ("", "\0", ""), ("", "a\0.", "b=1"),
    ("", "model = 'infomaniak/a\0'\n", ""), ("", "MODEL = 'Qwen/Qwen3-Embeding-\0B'\n", ""),
    ("", "&a\0 [*a,", ""),
)  # fmt: skip


def texts(name: str, size: int) -> Iterator[tuple[str, str]]:
    """Give each hostile text of about this size for a file of this name, with a name of its own."""
    start = STARTS[name]
    plain = [("", unit, "") for unit in (*SIGNS, *OPENINGS, *SMALL)]
    for before, unit, after in (*plain, *LONG):
        yield (
            f"{before} {unit} {after}",
            start + before + unit * (size // len(unit.encode())) + after,
        )
    for before, unit, after in NUMBERED:
        count = size // (len(unit) + 5 * unit.count(EACH))
        yield f"{before} {unit} {after}", start + before + _numbered(unit, count) + after
    yield from _several(start, size)


def _numbered(unit: str, count: int) -> str:
    return "".join(unit.replace(EACH, str(n)) for n in range(count))


def _several(start: str, size: int) -> Iterator[tuple[str, str]]:
    """Give those of several growing parts."""
    half = size // 2
    yield "deep and closed", start + "x = " + "(" * half + ")" * half
    yield "deep lists closed", start + "x: " + "[" * half + "]" * half
    yield "deep objects closed", start + '{"a":' * (size // 6) + "1" + "}" * (size // 6)
    yield (
        "runs of backticks",
        start + "".join("`" * n + " " for n in range(1, int((2 * size) ** 0.5))),
    )
    yield "indented", start + "".join(" " * n + "a:\n" for n in range(int((2 * size) ** 0.5)))
    yield (
        "indented model",
        start + "".join(" " * n + "model:\n" for n in range(int((2 * size) ** 0.5))),
    )
    yield "hashes", start + "".join("r" + "#" * n + '"' for n in range(int((2 * size) ** 0.5)))
    items = "x, " * (size // 6)
    yield "one list, many aliases", f"{start}a: &a [{items}]\n" + "model: *a\n" * (size // 20)
    yield (
        "one list, many keys",
        f"{start}a: &a [{items}]\n" + "".join(f"model{n}: *a\n" for n in range(size // 36)),
    )
    yield (
        "many keys, one list of aliases",
        start + "models: [" + "&a [x], *a, " * (size // 12) + "]",
    )
    yield (
        "bomb",
        start
        + "a0: &a0 [x]\n"
        + "".join(
            f"model{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, size // 80)
        ),
    )
    yield "openings, then closings", start + '"' * half + "'" * half
    yield "comment marks in quotes", start + "model='a' " + "'#\" #" * (size // 5)
    yield (
        "fences of growing length",
        start + "".join("`" * n + "\n" for n in range(3, int((2 * size) ** 0.5))),
    )
    yield "tables, then one", start + "models = [" + "{}," * (size // 3) + "]"
