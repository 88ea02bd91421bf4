"""The channel to everything that Apprise knows; the library is optional, and imported when used."""

import hashlib
import logging
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from catalog.alerts.channel import Audience, Message, is_lasting
from catalog.alerts.message import Wording, inert
from catalog.alerts.size import attempt, is_too_large
from catalog.alerts.timeout import within
from catalog.alerts.timing import Timing
from catalog.changes.finding import Level
from catalog.core.errors import DeliveryFailed

if TYPE_CHECKING:
    from apprise import NotifyBase, NotifyType

INSTALL = "Install it with pip install 'model-catalog[apprise]'."
_STATUS = re.compile(r"\berror=([1-5][0-9][0-9])\b")
_UNREACHED = re.compile(r"connection error", re.IGNORECASE)
TITLE_MARKUP = len("<b></b><br />\r\n")
"""Characters around a title that becomes the first line of a body."""
_OVERFLOW = re.compile(r"[?&]overflow=", re.IGNORECASE)


def target(url: str) -> str:
    """Name a target without a piece of its URL but the scheme: `slack-1f3a9c02`."""
    digest = hashlib.sha256(url.encode()).hexdigest()[:8]
    return f"{url.partition(':')[0].lower()}-{digest}"


def problem(url: str) -> str | None:
    """Say what is wrong with a URL, without showing it; None where Apprise takes it."""
    try:
        taken = _plugin(url) is not None
    except ImportError:
        return f"Apprise is not installed. {INSTALL}"
    return None if taken else "Apprise cannot read this URL"


def address(url: str) -> tuple[str, int] | None:
    """Return host and port that a URL leads to; None where that is not known beforehand."""
    try:
        plugin = _plugin(url)
    except ImportError:
        return None
    if plugin is None or url.lower().startswith("mail"):  # which server it is, the domain says
        return None
    templates: tuple[str, ...] = plugin.templates
    if any("{host}" in template for template in templates):
        port = plugin.port or (443 if plugin.secure else 80)
        return str(plugin.host), int(port)
    parts = urlsplit(str(getattr(plugin, "notify_url", "")))
    return (parts.hostname, parts.port or 443) if parts.hostname else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseChannel:
    """Tells one target, so that one that has the message is not told again with the others.

    The URL is a secret: nothing shown names more of it than the scheme. `deadline` is in seconds.
    `max_size` is in characters, for a target that takes fewer than Apprise knows.
    """

    name: str
    audience: Audience
    timing: Timing = field(default_factory=Timing)
    wording: Wording
    url: str = field(repr=False)
    max_size: int | None = None
    deadline: float = 30.0

    def send(self, message: Message) -> None:
        """Hand the message to Apprise; raise DeliveryFailed."""
        failure = None
        try:
            plugin = _plugin(self.url)
            if plugin is None:
                failure = self._failure("Apprise cannot read its URL", "Check the channel's URL.")
            else:
                failure = self._sent(plugin, message)
        except ImportError:
            failure = self._failure("Apprise is not installed", INSTALL)
        # Raised out here so that not even the exception's context holds the URL.
        if failure is not None:
            raise failure

    def _sent(self, plugin: "NotifyBase", message: Message) -> DeliveryFailed | None:
        from apprise import OverflowMode

        if not _OVERFLOW.search(self.url):
            plugin.overflow_mode = OverflowMode.TRUNCATE
        return attempt(
            lambda body: self._offer(plugin, message, body),
            self._body(plugin, message),
            lambda: self.wording.short(message, inert, titled=True),
        )

    def _body(self, plugin: "NotifyBase", message: Message) -> str:
        """Write the text so that the service takes it whole, also in the format it is sent in."""
        import apprise.conversion

        text_format = apprise.NotifyFormat.TEXT
        convert: Callable[..., str] = apprise.conversion.convert_between

        def size(text: str) -> int:
            return len(convert(text_format, plugin.resolve_format(text_format), text))

        room = min(plugin.body_maxlen, self.max_size or plugin.body_maxlen)
        if not plugin.title_maxlen:  # the title becomes a line of the body
            room -= size(inert(self.wording.subject(message))) + TITLE_MARKUP
        return self.wording.text(message, inert, lambda text: size(text) <= room)

    def _offer(self, plugin: "NotifyBase", message: Message, body: str) -> DeliveryFailed | None:
        said = _Said()
        logger = logging.getLogger("apprise")
        logger.addHandler(said)
        try:
            taken = within(self.deadline, lambda: self._notify(plugin, message, body))
        except TimeoutError:
            return self._failure("it did not answer in time")
        except Exception as error:  # noqa: BLE001  # 170 plugins raise what they like
            return self._failure(f"it failed with {type(error).__name__}")
        finally:
            logger.removeHandler(said)
        return None if taken else self._refusal("\n".join(said.texts), len(body.encode()))

    def _notify(self, plugin: "NotifyBase", message: Message, body: str) -> bool:
        from apprise import Apprise, NotifyFormat

        subject = inert(self.wording.subject(message))
        carrier = Apprise()
        carrier.add(plugin)
        taken = carrier.notify(body, subject, _kind(message), body_format=NotifyFormat.TEXT)
        return bool(taken)  # none of them, or only some, is no

    def _refusal(self, said: str, size: int) -> DeliveryFailed:
        """Make out what Apprise met, which it tells its log alone."""
        statuses = [int(status) for status in _STATUS.findall(said)]
        if not statuses:
            reached = not _UNREACHED.search(said)
            return self._failure("it was not taken" if reached else "it could not be reached")
        status = statuses[-1]
        return self._failure(
            f"it answered {status}",
            for_good=is_lasting(status),
            too_large=is_too_large(status, size),
        )

    def _failure(self, what: str, hint: str = "", **how: bool) -> DeliveryFailed:
        return DeliveryFailed(f"channel {self.name}: {what}", hint=hint, **how)


class _Said(logging.Handler):
    """Keeps what Apprise logs during one call; it is read here, and never shown."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text."""
        self.texts.append(record.getMessage())


def _plugin(url: str) -> "NotifyBase | None":
    """Load Apprise and make the plugin of a URL; None for a URL that it does not take."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # modules that Python 3.13 has no more
        from apprise import Apprise, AppriseAsset, PersistentStoreMode

        for name in ("apprise", "urllib3"):
            # For good: what they log holds URLs, and a call that took too long may log later.
            logging.getLogger(name).propagate = False
        logging.getLogger("apprise").setLevel(logging.WARNING)
        # Nothing of ours is kept on the disk, and no program of the user's is loaded.
        memory = PersistentStoreMode.MEMORY
        asset = AppriseAsset(app_id="model-catalog", storage_mode=memory, plugin_paths=[])
        return Apprise.instantiate(url, asset=asset)


def _kind(message: Message) -> "NotifyType":
    from apprise import NotifyType

    kinds = {Level.BREAKING: NotifyType.FAILURE, Level.WARNING: NotifyType.WARNING}
    grave = message.findings[0].level if message.findings else Level.INFO
    return kinds.get(grave, NotifyType.INFO)
