"""The folders of tests/unit match those of the package."""

from tests.support.checkout import ROOT

UNIT, PACKAGE = ROOT / "tests" / "unit", ROOT / "catalog"


def test_each_unit_test_is_named_for_a_module() -> None:
    """`tests/unit/a/test_b.py` and `test_b_more.py` test the existing module `catalog/a/b.py`."""
    folders = {path.parent for path in UNIT.glob("*/**/test_*.py")}
    for folder in folders:
        place = PACKAGE / folder.relative_to(UNIT)
        modules = {path.stem for path in place.glob("*.py")}
        for path in folder.glob("test_*.py"):
            words = path.stem.split("_")[1:]
            names = {"_".join(words[:end]) for end in range(1, len(words) + 1)}
            assert names & modules, f"{path.relative_to(ROOT)} names no module of {place}"
