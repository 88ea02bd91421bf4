"""Match strings with the names that a catalog had, without routing prefixes."""

import re
from collections.abc import Iterator
from functools import cached_property

# Prefixes that gateways and clients put before a name to choose a protocol.
ROUTES = frozenset({
    "custom_openai", "hosted_vllm", "litellm", "litellm_proxy", "models", "openai",
    "openai-chat", "openai-compatible", "openai-responses", "openai_compatible", "openai_like",
    "responses", "text-completion-openai", "vllm",
})  # fmt: skip
PATHS = {"models", "responses"}
"""Prefixes that are also folders, so they do not prove that a string is a name."""
DEEPEST = 3
"""Maximum prefixes before one name."""
SECOND = "models/"
"""Prefix of listed names that calls may omit."""
# Invented words that no dictionary has, so they are always names of models.
COINED = frozenset({
    "codestral", "deepseek", "devstral", "dolly", "euria", "gpt", "magistral", "ministral",
    "mistral", "mixtral", "openhermes", "photomaker", "pixtral", "qwen", "qwq", "voxtral",
})  # fmt: skip


class Names:
    """The names that a catalog had."""

    def __init__(self, known: frozenset[str], own: frozenset[str] = frozenset()) -> None:
        """Prepare the names. `own` are the provider's names in code, in lower case."""
        self.known = known
        self.own = own
        # The second name of each model: x for a listed models/x.
        self._second = {
            name.removeprefix(SECOND): name for name in known if name.startswith(SECOND)
        }

    def of(self, text: str) -> str | None:
        """Return the name that a string means, None if unknown.

        The whole string is tried first.
        """
        if text in self.known:
            return text
        if "/" not in text and ":" not in text:
            return self._second.get(text)
        for name in self.forms(text):
            if name in self.known:
                return name
            if name in self._second:
                return self._second[name]
        return None

    def forms(self, text: str) -> Iterator[str]:
        """Yield a string, then without its first prefix, and so on."""
        yield text
        for _, rest in self._cut(text):
            yield rest

    def bare(self, text: str) -> str:
        """Return a string without all of its prefixes."""
        if "/" not in text and ":" not in text:
            return text
        *_, last = self.forms(text)
        return last

    def is_own(self, text: str) -> bool:
        """Return whether the provider's name is one of the prefixes."""
        return any(self._names_own(prefix) for prefix, _ in self._cut(text))

    def is_routed(self, text: str) -> bool:
        """Return whether a string is surely a prefixed known name: openai/qwen3.

        A common word may be something else, as in the repository openai/whisper.
        """
        means = self.of(text)
        if means is None or means == text or is_word(means):
            return False
        return any(prefix not in PATHS for prefix, _ in self._cut(text))

    def may_occur_in(self, text: str, lowered: str) -> bool:
        """Return whether a text has a known name after a prefix."""
        if not any(mark in lowered for mark in self._marks):
            return False
        return any(self.is_routed(match[0]) for match in self._routed.finditer(text))

    @cached_property
    def _marks(self) -> tuple[str, ...]:
        return (*(f"{each}{sign}" for each in ROUTES - PATHS for sign in "/:"), *self.own)

    @cached_property
    def _routed(self) -> re.Pattern[str]:
        marks = "|".join(map(re.escape, sorted(self._marks)))
        return re.compile(rf"(?:{marks})[\w.:/-]{{1,200}}+", re.IGNORECASE)

    def _cut(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield each prefix in lower case, with what follows it."""
        for _ in range(DEEPEST):
            cut = min(filter(lambda at: at > 0, (text.find("/"), text.find(":"))), default=0)
            prefix = text[:cut].lower().removeprefix("@")
            if prefix not in ROUTES and not self._names_own(prefix):
                return
            text = text[cut + 1 :]
            yield prefix, text

    def _names_own(self, prefix: str) -> bool:
        """Return whether a prefix has the provider's name as a word: infomaniak-ai."""
        if prefix in self.own:
            return True
        parts = re.split(r"[^a-z0-9.]+", prefix) if any(map(prefix.__contains__, self.own)) else ()
        return not self.own.isdisjoint(parts)


def is_word(name: str) -> bool:
    """Return whether a name may be a common word.

    Such a name has only letters and is not a coined word.
    """
    return name.isalpha() and name.isascii() and name.lower() not in COINED
