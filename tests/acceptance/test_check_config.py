"""`catalog check` does not trust a configuration in the checked tree."""

import subprocess
from pathlib import Path

import pytest

from catalog.cli.check import settings_of
from catalog.providers.recordings import shipped
from catalog.store.database import Database
from tests.support.check_builders import write
from tests.support.shell import Shell


def test_levels_of_the_configuration_apply(code: Shell) -> None:
    """A configured level changes a check rule, and a misspelled rule is an error."""
    trusting = ("check", "--trust-config", "--shipped")
    (code.folder / "catalog.toml").write_text('[rules]\nunknown = "info"\n', encoding="utf-8")
    assert " info " in code(*trusting, "config.yaml").out
    (code.folder / "catalog.toml").write_text('[rules]\nunknwon = "info"\n', encoding="utf-8")
    assert "did you mean unknown?" in code(*trusting, ".", code=2).err


SILENCING = """\
database = "of-them.db"
[infomaniak]
token_file = "/etc/hostname"
[check]
fail_on = "never"
lock = "/etc/hostname"
[rules]
delisted = "info"
unknown = "quiet"
"""


def test_the_configuration_of_the_checked_tree_is_not_used(code: Shell) -> None:
    """A catalog.toml found in the tree does not choose a database or silence the check."""
    before = code("check", "--shipped", ".", code=1)
    (code.folder / "catalog.toml").write_text(SILENCING, encoding="utf-8")
    ran = code("check", "--shipped", ".", code=1)
    assert ran.out == before.out
    assert ran.err == (
        "catalog.toml of this folder is ignored, because it may be part of the checked code: "
        "database, [infomaniak], [check], [rules]; use --trust-config if it is yours\n"
    )
    assert str(code.folder / "catalog.db") in code("check", ".", code=1).err
    assert "lock /etc/hostname" in code("check", "--trust-config", ".", code=2).err


@pytest.mark.long
def test_a_database_of_the_checked_repository_is_not_used(code: Shell) -> None:
    """A catalog.db tracked by git is ignored, and an untracked one is used."""
    code("import", "--accept", shipped())
    assert "the history that is shipped with the program" not in code("check", ".", code=1).err
    for words in (("init", "-q"), ("add", "catalog.db")):
        subprocess.run(["git", *words], cwd=code.folder, check=True)  # noqa: S607  # git of the machine
    committed = "catalog.db of this folder is ignored, because it is part of the checked code"
    assert committed in code("check", ".", code=1).err
    for trusted in (("--trust-config",), ("--shipped",)):
        assert committed not in code("check", *trusted, ".", code=1).err


def test_a_configuration_that_is_named_is_used(code: Shell) -> None:
    """A configuration applies if an option or variable names it, or in the home folder."""
    write(code.folder, {"catalog.toml": '[check]\nfail_on = "never"\n'})
    named = {"CATALOG_CONFIG": "catalog.toml"}
    for ran in (
        code("--config", "catalog.toml", "check", "--shipped", "."),
        code("check", "--shipped", ".", given=named),
        code("check", "--shipped", "--trust-config", "."),
    ):
        assert ran.err == ""
    home = code.folder / ".config" / "catalog"
    home.mkdir(parents=True)
    (code.folder / "catalog.toml").rename(home / "catalog.toml")
    (code.folder / "catalog.toml").write_text("", encoding="utf-8")
    assert code("check", "--shipped", "ai.py").err == ""


@pytest.mark.parametrize(
    ("body", "ignored"),
    [
        (b"a.a.a." * 20_000 + b"a = 1", ""),
        (b"[" * 50_000, ""),
        (b"\xff\0", ""),
        (
            b"".join(b"[t%d]\n" % n for n in range(9)),
            "[t0], [t1], [t2], [t3], [t4], [t5] and 3 more",
        ),
    ],
)
def test_a_hostile_configuration_in_the_tree_does_no_harm(
    code: Shell, body: bytes, ignored: str
) -> None:
    """No catalog.toml in the tree stops the check or floods stderr."""
    (code.folder / "catalog.toml").write_bytes(body)
    ran = code("check", "--shipped", "ai.py", code=1)
    assert len(ran.err) < 300
    assert (f"checked code: {ignored};" in ran.err) if ignored else not ran.err


def test_a_configuration_that_cannot_be_read_is_ignored(tmp_path: Path) -> None:
    """An unreadable catalog.toml gives its reason instead of an error."""
    assert settings_of(tmp_path) == "unreadable (Is a directory)"


def test_an_ignored_configuration_is_named_where_its_database_is_missed(code: Shell) -> None:
    """Without a snapshot of the default provider, the hint names the option that trusts it."""
    with Database(str(code.folder / "catalog.db")).writing():
        pass
    plain = code("check", ".", code=2)
    assert "--trust-config" not in plain.err
    (code.folder / "catalog.toml").write_text('[[provider]]\nname = "x"\nkind = "openrouter"\n')
    ran = code("check", ".", code=2)
    assert ran.err.splitlines()[-1] == (
        "hint: If catalog.toml of this folder is yours, add --trust-config, or else --shipped."
    )
