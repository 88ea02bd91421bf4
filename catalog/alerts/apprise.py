"""Send messages through Apprise, an optional library."""

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
"""The characters around a title in the first body line."""
_OVERFLOW = re.compile(r"[?&]overflow=", re.IGNORECASE)


def target(url: str) -> str:
    """Return a target name that shows only its URL scheme: `slack-1f3a9c02`."""
    digest = hashlib.sha256(url.encode()).hexdigest()[:8]
    return f"{url.partition(':')[0].lower()}-{digest}"


def problem(url: str) -> str | None:
    """Return why Apprise cannot use a URL, or None.

    The URL is not shown, because it is a secret.
    """
    try:
        accepted = _plugin(url) is not None
    except ImportError:
        return f"Apprise is not installed. {INSTALL}"
    return None if accepted else "Apprise cannot read this URL"


def address(url: str) -> tuple[str, int] | None:
    """Return the host and port of a URL, None if unknown."""
    try:
        plugin = _plugin(url)
    except ImportError:
        return None
    if plugin is None or url.lower().startswith("mail"):  # the server depends on the mail domain
        return None
    templates: tuple[str, ...] = plugin.templates
    if any("{host}" in template for template in templates):
        port = plugin.port or (443 if plugin.secure else 80)
        return str(plugin.host), int(port)
    parts = urlsplit(str(getattr(plugin, "notify_url", "")))
    return (parts.hostname, parts.port or 443) if parts.hostname else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseChannel:
    """A channel for one Apprise target.

    Each target has its own channel, so that a retry reaches only the target that failed. The URL is
    a secret, and only its scheme is shown. `deadline` is in seconds. `max_size` is in characters,
    if the target accepts fewer than Apprise assumes.
    """

    name: str
    audience: Audience
    timing: Timing = field(default_factory=Timing)
    wording: Wording
    url: str = field(repr=False)
    max_size: int | None = None
    deadline: float = 30.0

    def send(self, message: Message) -> None:
        """Send a message through Apprise, or raise DeliveryFailed."""
        failure = None
        try:
            plugin = _plugin(self.url)
            if plugin is None:
                failure = self._failure("Apprise cannot read its URL", "Check the channel's URL.")
            else:
                failure = self._sent(plugin, message)
        except ImportError:
            failure = self._failure("Apprise is not installed", INSTALL)
        # Raised outside of `except`, because the exception's context must not contain the URL.
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
        """Return the text, cut to the service's limit after conversion."""
        import apprise.conversion

        text_format = apprise.NotifyFormat.TEXT
        convert: Callable[..., str] = apprise.conversion.convert_between

        def size(text: str) -> int:
            return len(convert(text_format, plugin.resolve_format(text_format), text))

        room = min(plugin.body_maxlen, self.max_size or plugin.body_maxlen)
        if not plugin.title_maxlen:  # the title is part of the body
            room -= size(inert(self.wording.subject(message))) + TITLE_MARKUP
        return self.wording.text(message, inert, lambda text: size(text) <= room)

    def _offer(self, plugin: "NotifyBase", message: Message, body: str) -> DeliveryFailed | None:
        logged = _LogCapture()
        logger = logging.getLogger("apprise")
        logger.addHandler(logged)
        try:
            accepted = within(self.deadline, lambda: self._notify(plugin, message, body))
        except TimeoutError:
            return self._failure("it did not answer in time")
        except Exception as error:  # noqa: BLE001  # 170 plugins raise any exception
            return self._failure(f"it failed with {type(error).__name__}")
        finally:
            logger.removeHandler(logged)
        return None if accepted else self._refusal("\n".join(logged.texts), len(body.encode()))

    def _notify(self, plugin: "NotifyBase", message: Message, body: str) -> bool:
        from apprise import Apprise, NotifyFormat

        subject = inert(self.wording.subject(message))
        carrier = Apprise()
        carrier.add(plugin)
        accepted = carrier.notify(body, subject, _kind(message), body_format=NotifyFormat.TEXT)
        return bool(accepted)  # None and partial success are failures

    def _refusal(self, logged: str, size: int) -> DeliveryFailed:
        """Return the failure that Apprise only wrote to its log."""
        statuses = [int(status) for status in _STATUS.findall(logged)]
        if not statuses:
            reached = not _UNREACHED.search(logged)
            return self._failure("it was not accepted" if reached else "it could not be reached")
        status = statuses[-1]
        return self._failure(
            f"it answered {status}",
            for_good=is_lasting(status),
            too_large=is_too_large(status, size),
        )

    def _failure(self, what: str, hint: str = "", **how: bool) -> DeliveryFailed:
        return DeliveryFailed(f"channel {self.name}: {what}", hint=hint, **how)


class _LogCapture(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text."""
        self.texts.append(record.getMessage())


def _plugin(url: str) -> "NotifyBase | None":
    """Return the Apprise plugin of a URL, None if it is unknown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated modules
        from apprise import Apprise, AppriseAsset, PersistentStoreMode

        for name in ("apprise", "urllib3"):
            # Permanent, because they log URLs, and a call that timed out may log later.
            logging.getLogger(name).propagate = False
        logging.getLogger("apprise").setLevel(logging.WARNING)
        # Nothing is stored on disk, and no user plugin is loaded.
        memory = PersistentStoreMode.MEMORY
        asset = AppriseAsset(app_id="model-catalog", storage_mode=memory, plugin_paths=[])
        return Apprise.instantiate(url, asset=asset)


def _kind(message: Message) -> "NotifyType":
    from apprise import NotifyType

    kinds = {Level.BREAKING: NotifyType.FAILURE, Level.WARNING: NotifyType.WARNING}
    level = message.findings[0].level if message.findings else Level.INFO
    return kinds.get(level, NotifyType.INFO)
