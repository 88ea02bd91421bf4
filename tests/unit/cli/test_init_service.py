"""The commands that `catalog init` prints for cron, systemd and containers."""

from pathlib import Path

from catalog.cli.init_service import Service


def test_special_characters_are_escaped_for_each_reader() -> None:
    """Cron reads % as a line end, systemd reads %, $ and quotes, and shells read blanks."""
    config = Path('/srv/a b/100%/$x "y"\\z/catalog.toml')
    service = Service(("/opt/catalog",), config, "me")
    assert "'/srv/a b/100\\%/$x \"y\"\\z/catalog.toml'" in service.cron()
    line = next(each for each in service.unit().splitlines() if each.startswith("ExecStart="))
    assert line == (
        'ExecStart=/opt/catalog --config "/srv/a b/100%%/$$x \\"y\\"\\\\z/catalog.toml" serve'
    )
    assert "User=me" in service.unit()
    assert "--volume '/srv/a b/100%/$x \"y\"\\z:/data'" in service.container()


def test_a_container_gets_the_variables_and_files_that_it_needs() -> None:
    """Files outside of the folder are mounted read-only, and variables are passed on."""
    config, token = Path("/srv/catalog.toml"), Path("/etc/token")
    text = Service(("c",), config, "me", ("TOKEN",), (token,)).container()
    assert "--volume /srv:/data --volume /etc/token:/etc/token:ro" in text
    assert "--env TOKEN model-catalog --config /data/catalog.toml serve" in text
