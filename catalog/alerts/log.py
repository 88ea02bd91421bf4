"""Write each finding to the log."""

import logging
from dataclasses import dataclass, field

from catalog.alerts.channel import Audience, Message, files_text, used_in
from catalog.alerts.message import LINE_LENGTH
from catalog.alerts.timing import Timing
from catalog.changes.finding import Level
from catalog.core.strict_json import cut
from catalog.report.json_output import finding_json
from catalog.report.sentences import sentence

_LOGGER = logging.getLogger("catalog.alerts")
_SEVERITY = {
    Level.BREAKING: logging.ERROR,
    Level.WARNING: logging.WARNING,
    Level.INFO: logging.INFO,
}


@dataclass(frozen=True, slots=True)
class LogChannel:
    """A channel to the logger `catalog.alerts`.

    JSON logs get the fields `finding` and `delivery`.
    """

    name: str
    audience: Audience
    timing: Timing = field(default_factory=Timing)

    def send(self, message: Message) -> None:
        """Log every finding, most severe first. Never fails."""
        if message.test:
            _LOGGER.info("this is a test of channel %s", self.name)
        for finding in message.findings:
            files = used_in(finding, message.used)
            text = f"{sentence(finding)}{f' (used in {files_text(files)})' if files else ''}"
            _LOGGER.log(
                _SEVERITY[finding.level],
                "%s",
                cut(f"{message.provider}: {text}", LINE_LENGTH),
                extra={"finding": finding_json(finding), "delivery": message.id},
            )
