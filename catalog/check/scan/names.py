"""Match strings with the names that a catalog had, without routing prefixes."""

from collections.abc import Iterator

# Prefixes that gateways and clients put before a name to choose a protocol.
ROUTES = frozenset({
    "custom_openai", "hosted_vllm", "litellm", "litellm_proxy", "models", "openai",
    "openai-chat", "openai-compatible", "openai-responses", "openai_compatible", "openai_like",
    "text-completion-openai", "vllm",
})  # fmt: skip
DEEPEST = 3
"""Maximum prefixes before one name."""
SECOND = "models/"
"""Prefix with which some providers list a name that calls take without it."""


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
        """Return the name that a string means, None if unknown. The whole string goes first."""
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
        for _ in range(DEEPEST):
            yield text
            cut = min(filter(lambda at: at > 0, (text.find("/"), text.find(":"))), default=0)
            prefix = text[:cut].lower()
            if prefix not in ROUTES and prefix not in self.own:
                return
            text = text[cut + 1 :]
        yield text

    def bare(self, text: str) -> str:
        """Return a string without all of its prefixes."""
        if "/" not in text and ":" not in text:
            return text
        *_, last = self.forms(text)
        return last

    def is_own(self, text: str) -> bool:
        """Return whether the provider's name is one of the prefixes."""
        return ("/" in text or ":" in text) and any(
            form[: len(name) + 1].lower() in {f"{name}/", f"{name}:"}
            for form in self.forms(text)
            for name in self.own
        )
