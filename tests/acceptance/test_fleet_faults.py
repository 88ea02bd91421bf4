"""Workers of a fleet that are killed and cut off."""

from pathlib import Path

import pytest

from tests.campaign.fleet import SHORT, played


@pytest.mark.long
@pytest.mark.unmeasured
@pytest.mark.xdist_group("postgresql")
def test_each_slot_is_done_once_under_faults(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Kills, cuts, a restarted server and clocks 90 s apart lose and double nothing."""
    server = tmp_path_factory.getbasetemp() / "postgresql"
    result = played("a fleet", SHORT, tmp_path / "fleet", server)
    assert result.broken == (), (tmp_path / "fleet" / "log.txt").read_text(encoding="utf-8")
    assert "60 slots done once; 2 kills, 6 cuts, 1 restart of the server" in result.note
