from pathlib import Path

import pytest

from tests.support.answers import ANSWERS, form

PATHS = sorted(ANSWERS.glob("*.toml"))
each_form = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@each_form
def test_the_wanted_settings_are_proposed(path: Path) -> None:
    """Each documented form of a provider gets the correct settings and notes."""
    known = form(path)
    assert known.proposal.settings == known.wanted
    assert known.proposal.notes == known.notes


@each_form
def test_the_document_with_the_proposal(path: Path) -> None:
    """With the unchanged proposal, the document shows names, limits and status of the models."""
    known = form(path)
    assert known.tables(known.proposal.settings) == known.document.rstrip("\n")


def test_there_are_many_forms() -> None:
    """There are forms of at least twenty providers."""
    assert len(PATHS) >= 20
