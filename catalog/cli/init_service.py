"""Write the commands that run `catalog` every hour: cron, systemd, a container."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

UNIT = """\
cat > /etc/systemd/system/catalog.service <<'END'
[Unit]
Description=catalog: watch a provider's list of models
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
User={user}
ExecStart={line}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=30s
WatchdogSec=2min
TimeoutStopSec=10min
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
END
systemctl enable --now catalog"""


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a service: program, absolute configuration and user.

    `variables` are the environment variables that it needs. `files` are its files outside the
    folder of the configuration.
    """

    program: Sequence[str]
    config: Path
    user: str
    variables: Sequence[str] = ()
    files: Sequence[Path] = ()

    def sections(self) -> Iterator[str]:
        """Yield the commands for each way to run it."""
        yield "# cron: add this line with `crontab -e`. cron mails changes and errors."
        yield self.cron()
        yield "\n# systemd: run this as root, in place of cron."
        yield self.unit()
        yield "\n# container: run this in a checkout of catalog, in place of cron."
        yield self.container()

    def cron(self) -> str:
        """Return the line for crontab. Its % are escaped, because % ends a line."""
        words = [*self.program, "-q", "--config", str(self.config), "sync", "--scheduled"]
        return f"0 * * * * {shlex.join(words)}".replace("%", "\\%")

    def unit(self) -> str:
        """Return the commands that make and start a unit."""
        words = [*self.program, "--config", str(self.config), "serve"]
        return UNIT.format(user=self.user, line=" ".join(map(_unit_word, words)))

    def container(self) -> str:
        """Return the commands that build and start an image.

        The folder of the configuration is /data there.
        """
        folder = self.config.parent
        mounts = [f"{folder}:/data", *(f"{file}:{file}:ro" for file in self.files)]
        # Emptied, because the image sets both, and the configuration has its own.
        settings = ["CATALOG_DATABASE=", "CATALOG_DOCUMENT_PATH=", *self.variables]
        words = ["docker", "run", "--detach", "--name", "catalog", "--restart", "unless-stopped"]
        words += [word for mount in mounts for word in ("--volume", mount)]
        words += [word for each in settings for word in ("--env", each)]
        words += ["model-catalog", "--config", f"/data/{self.config.name}", "serve"]
        user = '--user "$(id -u):$(id -g)"'
        line = shlex.join(words).replace(" --volume ", f" {user} --volume ", 1)
        return f"docker build --file docs/deploy/Dockerfile --tag model-catalog .\n{line}"


def program() -> tuple[str, ...]:
    """Return the words that start this program from any folder."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return sys.executable, "-m", "catalog"
    return (str(started.absolute()),)


def _unit_word(word: str) -> str:
    """Return a word for ExecStart. Escape % and $, because systemd replaces them."""
    plain = word.replace("%", "%%").replace("$", "$$")
    if all(each.isalnum() or each in "/._-%$+:@=," for each in plain):
        return plain
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
