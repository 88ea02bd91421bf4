"""Write the messages about mistakes in a configuration.

Each names the place, the wrong value, and the correct form.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, get_args
from zoneinfo import available_timezones

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from catalog.changes.finding import Level
from catalog.config.channels import AnyChannel
from catalog.config.providers import ProviderSettings
from catalog.config.settings import Settings
from catalog.config.sources import SECRET_KEYS, RawSettings, plain_settings
from catalog.core.strict_json import cut
from catalog.core.text import closest, did_you_mean
from catalog.core.toml_lines import key_lines

VALUE_LIMIT: Final = 60
CHANNELS: Final = {
    get_args(each.model_fields["kind"].annotation)[0]: each for each in get_args(AnyChannel)
}
# Replacements of pydantic's messages, because they use Python's words.
WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bool_parsing": "true or false is expected",
        "bool_type": "true or false is expected",
        "dict_type": "a table is expected",
        "finite_number": "a finite number is expected",
        "float_parsing": "a number is expected",
        "float_type": "a number is expected",
        "int_from_float": "a whole number is expected",
        "int_parsing": "a whole number is expected",
        "int_type": "a whole number is expected",
        "missing": "it must be given",
        "model_attributes_type": "a table is expected",
        "model_type": "a table is expected",
        "path_type": "a path is expected",
        "string_pattern_mismatch": "a letter first, then letters, digits and dashes, all lower "
        "case",
        "string_type": "text is expected",
        "too_short": "at least one is expected",
        "tuple_type": 'a list such as ["A", "B"] is expected',
        "union_tag_not_found": "it must be given: apprise, email, log or webhook",
    }
)
SYNONYMS: Final[Mapping[str, str]] = MappingProxyType({"retries": "attempts", "interval": "every"})
"""The names of settings that other programs have, with ours."""
_LONG_DURATION: Final = re.compile(r"([\d.]+)\s*(?=sec|min|hou?r|day)([smhd])[a-z]*", re.IGNORECASE)
BOUNDS: Final = {"gt": "more than", "ge": "at least", "le": "at most"}
_APPRISE: Final = (
    *("discord", "gotify", "matrix", "msteams", "ntfy", "opsgenie", "pagerduty", "pushover"),
    *("signal", "sms", "teams", "telegram", "webex", "zulip"),
)
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("slack", "mattermost"), 'use kind = "webhook" and format = "slack"'),
        **dict.fromkeys(_APPRISE, 'use kind = "apprise", with the address in urls'),
        **dict.fromkeys(("mail", "e-mail", "smtp"), 'use kind = "email"'),
        **dict.fromkeys(("http", "https", "hook", "url", "cloudevents"), 'use kind = "webhook"'),
        **dict.fromkeys(
            ("console", "file", "journal", "stderr", "stdout", "syslog"), 'use kind = "log"'
        ),
    }
)
"""The correct settings for channel kinds that other programs have."""
_OPENAI: Final = (
    *("deepseek", "groq", "litellm", "lm-studio", "mistral", "ollama", "openai-compatible"),
    *("together", "vllm", "xai"),
)
PROVIDERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(_OPENAI, 'use kind = "openai" and set url'),
        "claude": 'use kind = "anthropic"',
    }
)
"""The correct settings for common wrong kinds of providers."""
SECRET: Final = re.compile(
    r"(.+\.)?(token|secret|password|urls(\.\d+)?|headers\..*|query\..*)|ping\.url|http\.proxy"
    rf"|channel\.\d+\.({'|'.join(SECRET_KEYS)})(\.\d+)?"
)
# Addresses may hold a login or a key.
_LOGIN: Final = re.compile(r"@|\?.*=")


def located(mistakes: Iterable[str], given: RawSettings, file: Path | None) -> list[str]:
    """Return each `setting: mistake` with its file, line and wrong value.

    Mistakes in the environment come first, then those in the file by line.
    """
    lines = key_lines(given.text)
    pairs = [_located(each, given, file, lines) for each in mistakes]
    return [line for _, line in sorted(pairs, key=lambda pair: pair[0])]


def _located(
    mistake: str, given: RawSettings, file: Path | None, lines: Mapping[str, int]
) -> tuple[int, str]:
    """Return the line of a mistake and its text.

    The line is 0 outside of the file.
    """
    path, _, what = mistake.partition(": ")
    text, source = f"{path}{_value(path, what, given)}: {what}", given.sources.get(path, "")
    if source.startswith(("environment ", "command line")):
        return 0, f"{text} ({source})"
    return _line(path, lines), with_line(text, file, lines)


def with_line(mistake: str, file: Path | None, lines: Mapping[str, int]) -> str:
    """Return a mistake with its file and line.

    If the setting is missing, the line of its table is used.
    """
    line = _line(re.split(": | = ", mistake, maxsplit=1)[0], lines)
    return f"{short(file)}:{line}: {mistake}" if file is not None and line else mistake


def _line(path: str, lines: Mapping[str, int]) -> int:
    return next((lines[each] for each in _above(path) if each in lines), 0)


def _above(path: str) -> Iterator[str]:
    """Yield a path and those above it."""
    parts = path.split(".")
    yield from (".".join(parts[:size]) for size in range(len(parts), 0, -1))


def _value(path: str, what: str, given: RawSettings) -> str:
    """Return ` = VALUE`, or an empty text.

    Tables, lists, secrets and unknown settings give an empty text.
    """
    value = given.get(path)
    if value is None or isinstance(value, dict | list) or "no such setting" in what:
        return ""
    if SECRET.fullmatch(path) or "a table is expected" in what or _LOGIN.search(str(value)):
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    return f" = {cut(text, VALUE_LIMIT)}"


def short(file: Path) -> str:
    """Return a path within the working folder without that folder."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def explained(error: ValidationError) -> Iterator[str]:
    """Yield each mistake that pydantic found, in words."""
    for mistake in error.errors(include_url=False):
        if mistake["type"] == "default_factory_not_called":
            continue  # because another mistake of the table is the cause
        path = _dotted(mistake["loc"])
        if mistake["type"].startswith("union_tag_"):
            path = f"{path}.kind"
        yield f"{path}: {_what(mistake)}"


def _what(mistake: ErrorDetails) -> str:
    kind, context = mistake["type"], mistake.get("ctx", {})
    if kind == "extra_forbidden":
        return f"there is no such setting{did_you_mean(_meant(mistake['loc']))}"
    if kind == "union_tag_invalid":
        return _kind(str(context["tag"]), CHANNELS, KINDS)
    if kind == "tuple_type" and mistake["loc"] in {("channel",), ("provider",)}:
        return f"write [[{mistake['loc'][0]}]], with two brackets on each side"
    if kind in {"literal_error", "enum"}:
        known = re.findall(r"'([^']*)'", str(context["expected"]))
        if mistake["loc"][0] == "channel":  # because quiet findings are never sent
            known = [each for each in known if each != Level.QUIET]
        others = PROVIDERS if mistake["loc"][-1] == "kind" else {}
        return _kind(str(mistake["input"]), known, others)
    if context.keys() & BOUNDS.keys():
        return f"a number of {_bounds(mistake['loc'], context)} is expected"
    text = WORDS.get(kind, mistake["msg"].removeprefix("Value error, "))
    return f"{text}{_instead(mistake['loc'], mistake['input'], text)}"


def _instead(place: tuple[int | str, ...], value: Any, text: str) -> str:
    """Return the probable meaning of a duration or time zone."""
    if not isinstance(value, str):
        return ""
    if "time zone" in text:
        cities = {zone.rpartition("/")[2]: zone for zone in sorted(available_timezones())}
        near = closest(value.rpartition("/")[2], cities, alike=0.7)
        return did_you_mean(near and f'"{cities[near]}"')
    if "a duration such as" not in text:
        return ""
    if place[-1] == "every" and ("*" in value or value.startswith("@")):
        return f"; a cron expression goes into {_dotted((*place[:-1], 'cron'))}"
    match = _LONG_DURATION.fullmatch(value.strip())
    return did_you_mean(match and f'"{match[1]}{match[2].lower()}"')


def _bounds(place: tuple[int | str, ...], broken: Mapping[str, Any]) -> str:
    """Return the lower and the upper limit of a setting, in words.

    `broken` is the limit that was broken. Deep inside of a table, no other limit is known.
    """
    match place:
        case ("channel", _, str(kind), str(key)):
            fields = CHANNELS[kind].model_fields
        case ("provider", _, str(key)):
            fields = ProviderSettings.model_fields
        case (str(section), str(key)):
            fields = getattr(Settings.model_fields[section].annotation, "model_fields", {})
        case _:
            fields, key = {}, ""
    limits = dict(broken)
    for each in fields[key].metadata if fields else ():
        limits |= {name: getattr(each, name) for name in BOUNDS if hasattr(each, name)}
    return " and ".join(
        f"{word} {limits[name]:g}" for name, word in BOUNDS.items() if name in limits
    )


def _kind(word: str, known: Iterable[str], others: Mapping[str, str]) -> str:
    """Return the correct words, and the most similar one."""
    if word.lower() in others:
        return others[word.lower()]
    *first, last = [f'"{each}"' for each in known]
    near = closest(word.lower(), known, alike=0.6)
    meant = did_you_mean(near and f'"{near}"')
    return f"{', '.join(first)} or {last} is expected{meant}" if first else f"{last} is expected"


def _meant(place: tuple[int | str, ...]) -> str | None:
    """Return the same key of another section, or a similar one."""
    *above, key = map(str, place)
    match above:
        case ["channel", _, kind]:
            beside, namesakes = CHANNELS[kind].model_fields, []
        case _:
            table = Settings.model_fields[above[0]].annotation if above else Settings
            beside = getattr(table, "model_fields", {})
            namesakes = [path for path in plain_settings(Settings) if path.endswith(f".{key}")]
            namesakes += [
                f"channel.N.{key}" for each in CHANNELS.values() if key in each.model_fields
            ]
    words = re.split("[_-]", key)  # because `base_url` means `url`
    near = closest(SYNONYMS.get(key, key), beside, alike=0.7)
    near = near or next((each for each in beside if each in words), None)
    return namesakes[0] if namesakes else near and _dotted((*place[:-1], near))


def _dotted(place: tuple[int | str, ...]) -> str:
    parts = [str(part) for part in place if part != "[key]"]
    if parts[0] == "channel":
        del parts[2:3]
    return ".".join(parts)
