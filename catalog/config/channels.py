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
    Link,
    Login,
    MailServer,
    MailSize,
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
    """The name of the channel in messages and variables. Another name is another channel: messages
    that are pending under the old name are not sent.
    """
    level: ReportedLevel = Level.INFO
    """The lowest level that the channel gets. `warning` means warnings and breaking changes."""
    models: tuple[str, ...] = ()
    """Only findings about these models: names or ids, with `*`, `?` and `[…]` as in a shell. A
    change of many models at once is sent whole if one of them matches. Problems are sent anyway.
    """
    types: tuple[str, ...] = ()
    """Only findings about models of these types, such as `llm`."""
    providers: tuple[str, ...] = ()
    """Only findings about these providers, their problems included."""
    in_use: bool = False
    """Only findings about models that your code uses, by `check.lock`. Problems are sent anyway."""
    digest: Digest = Digest.AT_ONCE
    """When messages are sent. `hourly` and `daily` collect findings until the full hour or until
    `channel.N.daily_at`. Breaking changes do not wait.
    """
    daily_at: Clock = "08:00"
    """The time of the daily digest, in `channel.N.time_zone`."""
    quiet_hours: QuietHours | None = None
    """Hours without messages, also over midnight. Findings of these hours are sent when they end.
    """
    breaking_waits: bool = False
    """Delay breaking changes during the quiet hours too."""
    time_zone: Zone = "UTC"
    """The time zone of `daily_at` and `quiet_hours`. If clocks go forward and skip a time, it is
    delayed by the length of the change. Times within messages are UTC.
    """


class TextSettings(ChannelSettings):
    """The settings of channels with text."""

    template: FileOrNone = None
    """A file with your own [message text](configuration.md#message-texts)."""
    link: Link | None = None
    """The link at the end of a message. The default is the provider's page about its models."""
    max_size: MessageSize | None = None
    """The largest message: bytes of the JSON body for `cloudevents`, bytes of the mail for `email`,
    characters for `slack` and `apprise`. The defaults are 262,144 bytes, 1,048,576 bytes and 16,000
    characters; Apprise knows the limit of each service. The least severe findings are left out
    first. The message counts them and names `catalog alerts show MESSAGE`, which lists all. If a
    receiver refuses a message as too large, one short message is sent instead.
    """


class LogSettings(ChannelSettings):
    """Findings as log lines."""

    kind: Literal["log"]
    """The method of sending. `log` writes a line per finding to stderr, also with `-q`. `webhook`
    sends a POST. `email` sends a mail to each address. `apprise` reaches [170
    services](https://github.com/caronc/apprise) and needs `pip install 'model-catalog[apprise]'`.
    Each address and each URL of Apprise is a *target* with its own deliveries, so a retry for one
    target does not repeat the others.
    """


class WebhookSettings(TextSettings):
    """Findings as an HTTP POST. URL and secret may be in files."""

    kind: Literal["webhook"]
    url: SecretUrl | None = None
    """The address of the webhook. It is a secret, because anyone who knows it can post there. Plain
    `http` is only allowed to a loopback address.
    """
    url_file: File | None = None
    """A file that holds the URL."""
    secret: Secret | None = None
    """The key that signs each message by [Standard Webhooks](https://www.standardwebhooks.com):
    `webhook-id`, `webhook-timestamp` and `webhook-signature`. It is `whsec_` and Base64, or any
    text. While you replace the key, give the old and the new one with a space between them.
    """
    secret_file: File | None = None
    """A file that holds the secret."""
    format: Literal["cloudevents", "slack"] = "cloudevents"
    """The body. `cloudevents` is a CloudEvents 1.0 envelope of the type `model-catalog.changes.v1`,
    whose `data` has `provider`, `at`, `title`, `text` and [`changes`](json.md#a-change). `slack` is
    `{"text": "…"}`, which Slack, Mattermost, kChat and Rocket.Chat accept.
    """


class EmailSettings(TextSettings):
    """Findings as a mail to each of `to`."""

    kind: Literal["email"]
    max_size: MailSize | None = None
    server: MailServer
    """The mail server. `smtp` (port 587) needs STARTTLS, except on a loopback address; `smtps`
    (port 465) begins with TLS. The certificate is always checked, against the system's authorities
    or the file in `SSL_CERT_FILE`.
    """
    user: User | None = None
    """The user who logs in, with `channel.N.password`."""
    password: Login | None = None
    """The password of the user."""
    password_file: File | None = None
    """A file that holds the password."""
    sender: Address
    """The sender of the mails."""
    to: Addresses
    """The receivers. Each gets a separate mail."""


class AppriseSettings(TextSettings):
    """Findings through Apprise, one target per URL."""

    kind: Literal["apprise"]
    urls: AppriseUrls = ()
    """The targets, as [Apprise writes them](https://appriseit.com/services/): `slack://…`,
    `matrixs://…`, `ntfys://…`, `pagerduty://…`. Give each room its own URL.
    """
    urls_file: File | None = None
    """A file that holds the URLs, one a line. Lines that begin with `#` are ignored."""


AnyChannel = LogSettings | WebhookSettings | EmailSettings | AppriseSettings
