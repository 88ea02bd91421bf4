"""JSON Schema -> a quick test that is sure where it says yes.

Nearly every answer fits its contract, and to prove that with the library takes most of a poll. So
it is asked only where this test does not say yes: it knows all problems, and has the last word.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from catalog.jsontext import Json

Test = Callable[[Json], bool]
Once = Callable[[str, Test], Test]
_SAYING = {"$schema", "$defs", "title", "description", "format", "if"}
"""Words that demand nothing; of `if`, both what follows and what follows else is demanded."""
_CLASSES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def fitting(schema: Mapping[str, Json], once: Once = lambda _, test: test) -> Test:
    """Return a test of a value that is true only if the value fits the schema.

    It may be false for one that fits: it asks a bit more where that is simpler, and says no to any
    schema with a word that it does not know. `$ref` is to `#/$defs/…`; `once` may make of what is
    tested there, by its name, a test that knows some values already.
    """
    known: dict[str, Test] = {}
    for name, each in schema.get("$defs", {}).items():
        place = f"#/$defs/{name}"
        known[place] = once(place, _all(each, known))
    return _all(schema, known)


def _all(schema: Mapping[str, Json], known: Mapping[str, Test]) -> Test:
    tests = tuple(_tests(schema, known))
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _tests(schema: Mapping[str, Json], known: Mapping[str, Test]) -> Iterator[Test]:
    for word, wanted in schema.items():
        if word not in _SAYING and not word.startswith("x-"):
            yield _test(word, wanted, known)


def _test(word: str, wanted: Any, known: Mapping[str, Test]) -> Test:
    match word:
        case "$ref" if wanted in known:
            return known[wanted]
        case "type":
            return _typed([wanted] if isinstance(wanted, str) else wanted)
        case "const":
            return lambda value: _is_same(value, wanted)
        case "enum":
            return lambda value: any(_is_same(value, each) for each in wanted)
        case "pattern":
            found = re.compile(wanted).search
            return lambda value: not isinstance(value, str) or found(value) is not None
        case "minimum":
            return lambda value: not _is_number(value) or value >= wanted
        case "maximum":
            return lambda value: not _is_number(value) or value <= wanted
        case "required":
            names = frozenset(wanted)
            return lambda value: not isinstance(value, dict) or value.keys() >= names
        case _:
            return _inner(word, wanted, known)


def _inner(word: str, wanted: Any, known: Mapping[str, Test]) -> Test:
    """Return the test of a word that is about what is in a value."""
    match word:
        case "properties":
            fields = {key: _all(each, known) for key, each in wanted.items()}
            return lambda value: (
                not isinstance(value, dict)
                or all(key not in fields or fields[key](item) for key, item in value.items())
            )
        case "items":
            item_fits = _all(wanted, known)
            return lambda value: not isinstance(value, list) or all(map(item_fits, value))
        case "additionalProperties":
            each_fits = _all(wanted, known)
            return lambda value: not isinstance(value, dict) or all(map(each_fits, value.values()))
        case "then" | "else":
            return _all(wanted, known)
        case _:
            return lambda _: False


def _typed(names: list[str]) -> Test:
    # By the very class: True is no number, and a number that was not read as one is not sure.
    classes = frozenset(each for name in names for each in _CLASSES[name])
    return lambda value: type(value) in classes


def _is_number(value: Json) -> bool:
    return type(value) in {int, float}


def _is_same(value: Json, wanted: Json) -> bool:
    """Say whether two are the same; not sure of what has something in it."""
    if isinstance(value, dict | list) and value:
        return False
    return type(value) is type(wanted) and bool(value == wanted)
