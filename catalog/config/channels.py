"""Define the settings of each kind of channel."""

from typing import Literal

from catalog.alerts.timing import Digest
from catalog.changes.finding import Level
from catalog.config.types import (
    Address,
    Addresses,
    AppriseUrls,
    Clock,
    File,
    FileOrNone,
    LetterSize,
    Link,
    Login,
    MailServer,
    MessageSize,
    Name,
    QuietHours,
    ReportedLevel,
    Secret,
    SecretUrl,
    Section,
    User,
    Zone,
)


class ChannelSettings(Section):
    """The settings of every channel: name, wanted findings, times."""

    name: Name
    level: ReportedLevel = Level.INFO
    models: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    in_use: bool = False
    digest: Digest = Digest.AT_ONCE
    daily_at: Clock = "08:00"
    quiet_hours: QuietHours | None = None
    breaking_waits: bool = False
    time_zone: Zone = "UTC"


class TextSettings(ChannelSettings):
    """The settings of channels with text."""

    template: FileOrNone = None
    link: Link | None = None
    max_size: MessageSize | None = None


class LogSettings(ChannelSettings):
    """Findings as log lines."""

    kind: Literal["log"]


class WebhookSettings(TextSettings):
    """Findings as an HTTP POST. URL and secret may be in files."""

    kind: Literal["webhook"]
    url: SecretUrl | None = None
    url_file: File | None = None
    secret: Secret | None = None
    secret_file: File | None = None
    format: Literal["cloudevents", "slack"] = "cloudevents"


class EmailSettings(TextSettings):
    """Findings as a mail to each of `to`."""

    kind: Literal["email"]
    max_size: LetterSize | None = None
    server: MailServer
    user: User | None = None
    password: Login | None = None
    password_file: File | None = None
    sender: Address
    to: Addresses


class AppriseSettings(TextSettings):
    """Findings through Apprise, one target per URL."""

    kind: Literal["apprise"]
    urls: AppriseUrls = ()
    urls_file: File | None = None


AnyChannel = LogSettings | WebhookSettings | EmailSettings | AppriseSettings
