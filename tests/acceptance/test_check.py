"""`catalog check`: a code base compared with the catalog."""

import json
import os
import re
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from catalog.check.scan.uses import Scanned
from catalog.cli.check import report_skipped
from tests.support.builders import body, row
from tests.support.check_builders import CODE, STORY, outcome, write
from tests.support.checkout import ROOT
from tests.support.http_server import answer
from tests.support.shell import COMMAND, Live, Shell

AT = "2026-11-01T120000Z.json"
MEASURED = re.compile("COVERAGE_")
"""Variables of a run with coverage, which takes several times as long."""


def test_the_story_is_reported_within_a_second(code: Shell) -> None:
    """The check takes under a second and names each model, its removal and a successor."""
    took = []
    for _ in range(3):
        # CPU time of the process, because other tests may slow the machine down.
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = code("check", ".", code=1)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < (5 if any(map(MEASURED.match, os.environ)) else 1)
    for name in STORY:
        line = next(each for each in ran.lines if f" {name}: gone from infomaniak" in each)
        assert "breaking  delisted" in line
        assert "since 202" in line or "since before 2025-08-13" in line
    assert "did you mean Qwen/Qwen3-Embedding-8B?" in ran.out
    assert ran.out.count("use ") >= len(STORY)
    assert ran.lines[-1] == (
        "8 breaking, 1 warning: 9 uses in 2 files, against infomaniak's catalog of 2026-05-19 "
        "(shipped history)"
    )
    assert ran.err.startswith("there is no database at ")
    assert code("check", "--shipped", ".", code=1).err == ""


def test_a_stored_catalog_replaces_the_shipped_one(demo: Shell, tmp_path: Path) -> None:
    """An existing database is the catalog that the code is checked against, without a notice."""
    write(tmp_path, CODE)
    ran = demo("check", tmp_path / "ai.py", code=1)
    assert ran.lines[-1].endswith("against infomaniak's catalog of 2026-05-19 (database)")
    assert ran.err == ""


def test_a_catalog_in_a_file(code: Shell) -> None:
    """`--catalog` takes a saved answer, and rejects a missing or invalid file."""
    (code.folder / AT).write_bytes(body(*(row(id=i, name=n) for i, n in enumerate(STORY))))
    ran = code("check", "ai.py", "--catalog", AT)
    assert ran.lines == [
        f"nothing to report: 8 uses in 1 file, against infomaniak's catalog of 2026-11-01 ({AT})"
    ]
    assert "no such" not in code("check", "ai.py", "--catalog", "none.json", code=2).err
    (code.folder / AT).write_text("{}", encoding="utf-8")
    code("check", "ai.py", "--catalog", AT, code=4)


def test_an_empty_database_file_is_ignored(code: Shell) -> None:
    """An empty database file of a first run is ignored, but a URL is not."""
    (code.folder / "catalog.db").touch()
    assert "there is no database" in code("check", "ai.py", code=1).err
    given = {"CATALOG_DATABASE": f"sqlite:///{code.folder}/none.db?mode=ro"}
    assert "none.db" in code("check", "ai.py", code=6, given=given).err


def test_the_failing_level_is_configurable(code: Shell) -> None:
    """--fail-on or the setting decides the exit code, and --within adds models that end soon."""
    code("check", "--shipped", "config.yaml", code=1)
    code("check", "--shipped", "config.yaml", "--fail-on", "breaking")
    code("check", "--shipped", "ai.py", "--fail-on", "never")
    code("check", "--shipped", "config.yaml", given={"CATALOG_CHECK_FAIL_ON": "breaking"})
    code("check", "--shipped", "ai.py", "--within", "7d", code=1)
    assert "a duration" in code("check", "ai.py", "--within", "soon", code=2).err


def test_contradicting_options_are_wrong_usage(code: Shell) -> None:
    """Two catalogs, a baseline without its file and a missing path are refused."""
    assert "leave one out" in code("check", ".", "--shipped", "--catalog", "x", code=2).err
    assert "needs --baseline" in code("check", ".", "--write-baseline", code=2).err
    assert "none" in code("check", "none", code=2).err
    assert "PATHS" in code("check", code=2).err


def test_many_files_beyond_the_limits_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """The first 20 skipped files are named, and the others are only counted."""
    files = tuple(Scanned(f"{n}.py", (), (), about=False, skipped="why") for n in range(22))
    report_skipped(outcome(scanned=files))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "not checked: 0.py: why"
    assert (len(lines), lines[-1]) == (21, "not checked: 2 more; --format json lists all of them")


@pytest.mark.long
def test_a_file_over_the_limits_is_reported(code: Shell) -> None:
    """A file over the limits is named in each format, and fails with --strict."""
    big = f'model = "a"\nmodels = [{"1," * 180_000}]\n'
    write(code.folder, {"big.py": big, "ai.py": 'model = "whisper"\n'})
    words = ("check", "--shipped", "big.py", "ai.py")
    reason = "it has more than 150,000 words and signs"
    ran = code(*words)
    assert ran.err == f"not checked: big.py: {reason}\n"
    code(*words, "--strict", code=1)
    code("check", "--shipped", "ai.py", "--strict")
    assert code(*words, "--format", "json").json["skipped"] == [
        {"path": "big.py", "reason": reason}
    ]
    assert "::warning file=big.py,title=not checked::" in code(*words, "--format", "github").out
    assert f'<skipped message="{reason}"/>' in code(*words, "--format", "junit").out
    (run,) = code(*words, "--format", "sarif").json["runs"]
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == f"not checked to its end: {reason}"


def test_uncounted_names_are_summed_up_and_listed(code: Shell) -> None:
    """One line counts the names that look like models, and --why and JSON list the reasons."""
    write(
        code.folder,
        {"a.py": '# infomaniak\nx = f(model="gpt-4o")\n', "b.py": 'Car(brand="x", model="flux")\n'},
    )
    ran = code("check", "--shipped", "a.py", "b.py")
    assert ran.lines[-1] == "2 more names look like models and were not counted: see --why"
    assert code("check", "--shipped", "a.py").lines[-1] == (
        "1 more name looks like a model and was not counted: see --why"
    )
    assert code("check", "--shipped", "a.py", "b.py", "--why").lines[-5:] == [
        "2 more names look like models and were not counted:",
        "a.py",
        "  2:14  gpt-4o: openai has names like this",
        "b.py",
        "  1:23  flux: a common word with brand beside it",
    ]
    known = code("check", "--shipped", "b.py", "--format", "json").json
    assert known["not_counted"] == [
        {
            "path": "b.py",
            "line": 1,
            "column": 23,
            "name": "flux",
            "reason": "a common word with brand beside it",
        }
    ]


def test_a_unique_name_is_reported_without_a_suggestion(code: Shell) -> None:
    """An unknown name without a similar name is reported without a suggestion."""
    write(code.folder, {"ai.py": 'INFOMANIAK = True\nmodel = "something-new"\n'})
    ran = code("check", "--shipped", "ai.py", code=1)
    assert "unknown  something-new: no catalog of infomaniak ever had" in ran.lines[1]
    assert ran.lines[2] == ""


def test_a_file_of_another_library_is_not_judged(code: Shell) -> None:
    """A name in a file that loads the library of another provider is not counted."""
    write(code.folder, {"ai.py": 'import groq\nask(model="llama3")\n'})
    ran = code("check", "--shipped", "ai.py", "--why")
    assert ran.lines[-1] == "  2:12  llama3: the file mentions groq and not infomaniak"


def test_comments_ignore_and_unused_ones_are_reported(code: Shell) -> None:
    """An ignored use is counted, and a comment that ignores nothing is an info finding."""
    write(
        code.folder,
        {
            "ai.py": 'model = "mixtral"  # catalog: ignore[delisted] until the move\n',
            "b.py": 'stt_model = "whisper"  # catalog: ignore\n',
        },
    )
    ran = code("check", "--shipped", "ai.py", "b.py")
    assert "unused-ignore  catalog: ignore: this comment ignores nothing" in ran.out
    assert ran.lines[-1].startswith("1 info, 1 ignored by comments: 2 uses in 2 files")


def test_a_baseline_silences_known_uses(code: Shell) -> None:
    """A baseline silences known uses even if they move, and new uses still fail."""
    known = ("check", "--shipped", ".", "--baseline", "known.json")
    assert "cannot read the baseline" in code(*known, code=2).err
    assert "9 in the baseline" in code(*known, "--write-baseline").lines[-1]
    before = (code.folder / "known.json").read_bytes()
    moved = f"\n\n{CODE['ai.py']}"
    write(code.folder, {"ai.py": moved, "new.py": 'llm_model = "granite"\n'})
    ran = code(*known, code=1)
    assert ran.lines[0] == "new.py"
    assert ran.lines[-1].startswith("1 breaking, 9 in the baseline")
    (code.folder / "config.yaml").unlink()
    (code.folder / "new.py").unlink()
    assert "known.json: 1 entry no longer needed" in code(*known).err
    code(*known, "--write-baseline")
    assert len((code.folder / "known.json").read_bytes()) < len(before)


def test_the_lock_has_used_models_and_their_facts(code: Shell) -> None:
    """The lock names models, files and facts, and the check reports later changes."""
    first = "2025-08-20T120000Z.json"
    facts = {"id": 1, "name": "qwen3", "description": "Qwen3-235B-A22B-Instruct-2507"}
    (code.folder / first).write_bytes(body(row(**facts)))
    write(code.folder, {"ai.py": 'model = "qwen3"\n'})
    code("check", "ai.py", "--catalog", first, "--write-lock")
    locked = json.loads((code.folder / "catalog.lock").read_text(encoding="utf-8"))
    assert locked["models"] == [
        {
            "provider": "infomaniak",
            "name": "qwen3",
            "type": "llm",
            "limit": 32000,
            "description": "Qwen3-235B-A22B-Instruct-2507",
            "at": "2025-08-20T12:00:00Z",
            "files": ["ai.py"],
        }
    ]
    then = "2025-12-01T120000Z.json"
    (code.folder / then).write_bytes(body(row(**facts | {"id": 17, "description": "another"})))
    ran = code("check", "ai.py", "--catalog", then, code=1)
    assert "changed  qwen3: the name means another model since 2025-1" in ran.out
    write(code.folder, {"b.py": 'model = "qwen3"\n'})
    ran = code("check", "ai.py", "b.py", "--catalog", then, code=1)
    assert "catalog.lock is behind the code (qwen3); write it again" in ran.err
    again = code("check", "ai.py", "b.py", "--catalog", then, "--write-lock")
    assert (again.err, again.lines[0][:17]) == ("", "nothing to report")
    bytes_of = (code.folder / "catalog.lock").read_bytes()
    code("check", "b.py", "ai.py", "--catalog", then, "--write-lock")
    assert (code.folder / "catalog.lock").read_bytes() == bytes_of


def test_a_lock_of_several_providers_keeps_them_all(code: Shell) -> None:
    """Writing a lock for one provider keeps the entries of another."""
    other = {"provider": "mars", "name": "argo", "at": "2026-01-01T00:00:00Z", "files": ["x"]}
    locked = {"lock_version": 1, "models": [other]}
    (code.folder / "own.lock").write_text(json.dumps(locked), encoding="utf-8")
    code("check", "--shipped", "ai.py", "--lock", "own.lock", "--write-lock", code=1)
    names = [each["name"] for each in json.loads((code.folder / "own.lock").read_bytes())["models"]]
    assert names == [*sorted(STORY), "argo"]


def test_paths_are_named_from_here(code: Shell) -> None:
    """A file has one name in every list, by any path to it."""
    (code.folder / "catalog.toml").touch()
    for path in (".", "./ai.py", code.folder, code.folder / "ai.py"):
        assert "ai.py" in code("check", "--shipped", path, code=1).lines


def test_every_format_comes_on_stdout_and_in_a_file(code: Shell) -> None:
    """Each format is valid on stdout, and --also writes further formats to files."""
    known = code("check", "--shipped", ".", "--format", "json", code=1).json
    assert (known["schema_version"], known["failed"], len(known["notices"])) == (1, True, 9)
    assert code("check", "--shipped", ".", "--format", "sarif", code=1).json["version"] == "2.1.0"
    assert "<testsuites " in code("check", "--shipped", ".", "--format", "junit", code=1).out
    lines = code("check", "--shipped", ".", "--format", "github", code=1).lines
    assert len(lines) == 9
    also = ("--also", "sarif", "a.sarif", "--also", "junit", "a.xml")
    assert "8 breaking" in code("check", "--shipped", ".", *also, code=1).out
    assert json.loads((code.folder / "a.sarif").read_bytes())["version"] == "2.1.0"
    assert (code.folder / "a.xml").read_bytes().startswith(b"<?xml")
    failed = code("check", "--shipped", ".", "--also", "json", "none/a.json", code=6)
    assert "none/a.json could not be written" in failed.err


def test_another_provider_is_checked_by_name(code: Shell) -> None:
    """Several providers need --provider, and one without a history shows the next command."""
    (code.folder / "catalog.toml").write_text(
        '[[provider]]\nname = "infomaniak"\nkind = "infomaniak"\n'
        '[[provider]]\nname = "router"\nkind = "openrouter"\n',
        encoding="utf-8",
    )
    assert "add --provider" in code("check", "--trust-config", "ai.py", code=2).err
    code("check", "--trust-config", "--shipped", "ai.py", "--provider", "infomaniak", code=1)
    ran = code("check", "--trust-config", "--shipped", "ai.py", "--provider", "router", code=2)
    assert "no history of router comes with the program" in ran.err
    assert "catalog sync --provider router" in ran.err


def test_an_alert_lists_the_files_that_use_the_model(live: Live) -> None:
    """With a lock the log names the files, and an in_use channel gets only used models."""
    shell, _ = live(
        answer(body=body(row(id=1, name="used"), row(id=2, name="other"))),
        answer(body=body(row(id=3, name="new"))),
    )
    write(shell.folder, {"ai.py": 'llm_model = "used"\n'})
    channel = '[[channel]]\nname = "mine"\nkind = "log"\nin_use = true\n'
    (shell.folder / "catalog.toml").write_text(channel, encoding="utf-8")
    assert "there is no lock file" in shell("sync", code=2).err
    (shell.folder / "catalog.toml").write_text("", encoding="utf-8")
    shell("sync")
    shell("check", "ai.py", "--write-lock")
    (shell.folder / "catalog.toml").write_text(channel, encoding="utf-8")
    err = shell("sync").err
    assert "used removed; callable until at least" in err
    assert "(used in ai.py)" in err
    assert "other removed" not in err
    assert "new added" not in err


def test_the_hook_before_a_commit(code: Shell) -> None:
    """The hook in .pre-commit-hooks.yaml runs with a commit's files as its last arguments."""
    import yaml  # because only this test needs it

    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    words = [*hook["entry"].split()[1:], *hook["args"], "ai.py", "config.yaml"]
    ended = subprocess.run(
        [COMMAND, *words], cwd=code.folder, env=code.environ, capture_output=True, check=False
    )
    assert ended.returncode == 1
    assert b"8 breaking, 1 warning" in ended.stdout


@pytest.mark.long
def test_an_interrupted_scan_ends_at_once(shell: Shell) -> None:
    """Ctrl-C ends the scan, and its worker processes block SIGINT."""
    text = 'MODEL = "x"\n' + 'names = ["model"]\n' * 100
    write(shell.folder, {f"file{n}.py": text for n in range(2_000)})
    running = shell.start("check", ".")
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    workers: list[str] = []
    while running.poll() is None and len(workers) < min(2, os.cpu_count() or 1):
        workers = children.read_text().split()
    assert workers, "they start together with the scan"
    blocked = re.search(
        r"^SigBlk:\s*(\w+)$", Path(f"/proc/{workers[0]}/status").read_text(), re.MULTILINE
    )
    assert blocked
    assert int(blocked[1], 16) & 1 << (signal.SIGINT - 1)
    for process in (running.pid, *map(int, workers)):
        os.kill(process, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in err
