import os
from pathlib import Path
from time import process_time

import pytest

from catalog.check.scan.scan import LARGEST_NAMED, MANY, scan
from tests.support.known_names import KNOWN

USE = "model = 'mixtral'\n"


def put(root: Path, files: dict[str, str | bytes]) -> None:
    """Write files below a folder."""
    for name, body in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode() if isinstance(body, str) else body)


def found(*paths: Path) -> list[str]:
    """List the files with uses or a marker word."""
    return [each.path for each in scan(paths, KNOWN, ("infomaniak",)) if not each.skipped]


def skipped(*paths: Path) -> dict[str, str]:
    """List the files and folders that were not read, with the reason."""
    return {each.path: each.skipped for each in scan(paths, KNOWN, ()) if each.skipped}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_order_and_names(root: Path) -> None:
    """Files are sorted by their path, which begins with the given folder."""
    put(root, {"b.py": USE, "a/z.py": USE, "a.py": USE, "a/b/c.toml": USE, "c.txt": USE})
    in_order = ["a.py", "a/b/c.toml", "a/z.py", "b.py"]
    assert found(Path()) == in_order
    assert found(Path("a")) == ["a/b/c.toml", "a/z.py"]
    assert found(root) == [f"{root.as_posix()}/{path}" for path in in_order]
    assert found(Path("b.py"), Path("a"), Path("a/b")) == ["a/b/c.toml", "a/z.py", "b.py"]


def test_many_files_are_shared_among_processes(root: Path) -> None:
    """Many files are shared among processes, and their results keep the order."""
    number = 2 * MANY + 10
    put(root, {f"{at:04}.py": USE if at % 10 == 0 else "x = 1\n" for at in range(number)})
    assert found(Path()) == [f"{at:04}.py" for at in range(0, number, 10)]


def test_only_files_with_results_are_reported(root: Path) -> None:
    """A file that mentions the provider is reported, and one without uses is not."""
    put(root, {"a.py": "x = 'infomaniak'\n", "b.py": "x = 1\n"})
    assert found(Path()) == ["a.py"]


def test_skipped_files(root: Path) -> None:
    """Folders of tools, binary files and files over 1 MB are not read."""
    put(
        root,
        {
            "node_modules/a.js": "const model = 'mixtral'",
            ".venv/a.py": USE,
            ".git/a.py": USE,
            "binary.py": USE.encode() + b"\0",
            "large.py": USE + "#" * 1_000_000,
            "fits.py": USE + "#" * 900_000,
        },
    )
    assert found(Path()) == ["fits.py"]


def test_gitignore(root: Path) -> None:
    """Files that git ignores are skipped, including nested rules and negations."""
    put(
        root,
        {
            ".git/HEAD": "",
            ".git/info/exclude": "local.py\n",
            ".gitignore": "build/\n*.gen.py\n/top.py\nlogs/*\n!logs/keep.py\n",
            "build/a.py": USE,
            "a.gen.py": USE,
            "top.py": USE,
            "local.py": USE,
            "logs/a.py": USE,
            "logs/keep.py": USE,
            "sub/.gitignore": "!b.gen.py\nc.py\n",
            "sub/top.py": USE,
            "sub/b.gen.py": USE,
            "sub/c.py": USE,
            "broken/.gitignore": b"!\n\xff\nd.py\n",
            "broken/d.py": USE,
        },
    )
    assert found(Path()) == ["logs/keep.py", "sub/b.gen.py", "sub/top.py"]
    assert found(Path("sub")) == ["sub/b.gen.py", "sub/top.py"]
    assert found(Path("build"), Path("top.py")) == ["build/a.py", "top.py"]


@pytest.mark.parametrize(
    "line", ["[z-a]", "[[a]", "[", "[!", "\\", "a[z-a]b", "!", "/", "**", "***"]
)
def test_an_invalid_pattern_ignores_nothing(root: Path, line: str) -> None:
    """An invalid pattern is ignored, and the other patterns of its file apply."""
    put(root, {".gitignore": f"{line}\nb.py\n", "a.py": USE, "b.py": USE})
    assert found(Path()) == ([] if line in {"**", "***"} else ["a.py"])


def test_stars_match_in_linear_time(root: Path) -> None:
    """A pattern of many stars is matched in linear time."""
    name = "a" * 250
    put(root, {".gitignore": "*a" * 40 + "*b*.py\n" + "*a*a?p*\n", f"{name}.py": USE})
    put(root, {"xaab.pyc.py": USE, "aaaa.py": USE, "b/" + "xa" * 45 + "b1.py": USE})
    before = process_time()
    assert found(Path()) == ["xaab.pyc.py"]
    (root / ".gitignore").write_text("*a" * 40 + "*b*.py\n", encoding="utf-8")
    assert found(Path()) == ["aaaa.py", f"{name}.py", "xaab.pyc.py"]
    assert process_time() - before < 1


def test_patterns_that_take_long_are_refused(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Patterns that are too long, too deep or too many are ignored with one warning."""
    many = "".join(f"c{n}\n" for n in range(6000))
    put(
        root,
        {".gitignore": f"{'**/a/' * 5}b\n{'d' * 2000}\na.py\n{many}", "a.py": USE, "b.py": USE},
    )
    assert found(Path()) == ["b.py"]
    (warning,) = caplog.messages
    assert "1006 of its patterns are not used" in warning


@pytest.mark.long
@pytest.mark.parametrize(
    "lines",
    ["\n".join("*a" * 490 + str(n) for n in range(1000)), "\n".join(["*a" * 60] * 8000)],
    ids=["wide", "many"],
)
def test_a_large_gitignore_is_read_in_seconds(root: Path, lines: str) -> None:
    """A .gitignore of one megabyte is read in seconds."""
    before = process_time()
    put(root, {".gitignore": lines, "a.py": USE})
    assert found(Path()) == ["a.py"]
    assert process_time() - before < 5


@pytest.mark.long
def test_many_gitignores_cost_little(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The patterns of twice as many folders take no longer to compile."""
    lines = {n: "".join(f"*{n}x{m}*y\n" for m in range(1000)) for n in range(48)}
    took = []
    for folders in (24, 48):
        put(root, {f"d{n:02}/.gitignore": lines[n] for n in range(folders)})
        put(root, {f"d{n:02}/a.py": USE for n in range(folders)})
        caplog.clear()
        before = process_time()
        assert len(found(Path())) == folders
        took.append(process_time() - before)
    assert took[1] < took[0] * 1.5 + 0.5
    assert len(caplog.messages) == 21
    assert caplog.messages[0].startswith("d10/.gitignore: 1001 of its patterns are not used")
    assert caplog.messages[20].startswith("18018 of the patterns of 18 more .gitignore files")


def test_patterns_of_the_folders_above_count(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In one folder at most 5,000 patterns count, including those of parent folders."""
    many = "".join(f"c{n}\n" for n in range(3000))
    put(root, {".gitignore": many, "d/.gitignore": f"{many}a.py\n", "d/a.py": USE})
    assert found(Path()) == ["d/a.py"]
    assert caplog.messages[0].startswith("d/.gitignore: 1003 of its patterns are not used")


@pytest.mark.long
def test_many_folders_in_a_pattern_cost_little(root: Path) -> None:
    """Deep folders and patterns with many folders do not take exponential time."""
    deep = "/".join(["a" * 20] * 100)
    put(root, {".gitignore": "**/*a*a/**/*a*a/**/*a*az\n**/*a*az\n", f"{deep}/a.py": USE})
    before = process_time()
    assert found(Path()) == [f"{deep}/a.py"]
    assert process_time() - before < 2


def test_links(root: Path) -> None:
    """Links below a folder are not followed, and links that the user names are."""
    put(root, {"a/b.py": USE})
    (root / "a/circle").symlink_to(root)
    (root / "a/c.py").symlink_to(root / "a/b.py")
    (root / "link").symlink_to(root / "a")
    assert found(Path()) == ["a/b.py"]
    assert found(Path("link")) == ["link/b.py"]


def test_unreadable_files(root: Path) -> None:
    """Missing, special and oversized files are reported as skipped."""
    put(root, {"a.py": USE, "named.py": "#" * (LARGEST_NAMED + 1)})
    os.mkfifo(root / "pipe.py")
    assert found(Path("missing.py"), Path("missing"), Path()) == ["a.py"]
    assert skipped(Path("missing.py"), Path("named.py"), Path(), Path("/dev/zero")) == {
        "/dev/zero": "it is not a regular file but a device",
        "missing.py": "No such file or directory",
        "named.py": "it has 16,777,217 bytes, and at most 16,777,216 bytes are read",
        "pipe.py": "it is not a regular file but a pipe",
    }


@pytest.mark.parametrize("kind", ["fifo", "link", "large"])
def test_a_gitignore_that_cannot_be_read(root: Path, kind: str) -> None:
    """An unreadable .gitignore is reported as skipped, and the scan continues."""
    put(root, {"a/a.py": USE, "a/b.py": USE, ".gitignore": "b.py\n"})
    match kind:
        case "fifo":
            os.mkfifo(root / "a/.gitignore")
        case "link":
            (root / "a/.gitignore").symlink_to("/dev/zero")
        case _:
            put(root, {"a/.gitignore": "#" * 1_000_001})
    assert found(Path()) == ["a/a.py"]
    assert list(skipped(Path())) == ["a/.gitignore"]
    assert list(skipped(Path("a"))) == ["a/.gitignore"]


def test_a_gitignore_with_a_byte_order_mark(root: Path) -> None:
    """The first line after a byte order mark counts, and a non-UTF-8 name matches its file."""
    put(root, {".gitignore": b"\xef\xbb\xbfa.py\r\n\xff.py\n", "a.py": USE, "b.py": USE})
    Path(os.fsdecode(b"\xff.py")).write_text(USE, encoding="utf-8")
    assert found(Path()) == ["b.py"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings(root: Path, encoding: str) -> None:
    """A text is read in each encoding, and columns count letters."""
    put(root, {"a.js": "/* é */ const model = 'mixtral'".encode(encoding)})
    uses = [scanned.uses for scanned in scan([Path()], KNOWN, ())]
    assert [(use.line, use.column) for use in uses[0]] == [(1, 24)]


def test_too_deep(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files and folders with too long a path for the system are reported as skipped."""
    put(root, {"z.py": USE})
    for _ in range(18):
        Path("d" * 240).mkdir()
        monkeypatch.chdir("d" * 240)
        Path("f" * 240 + ".py").write_text(USE, encoding="utf-8")
    monkeypatch.chdir(root)
    paths = found(Path())
    assert paths[-1] == "z.py"
    assert 10 < len(paths) < 18
    reasons = skipped(Path())
    assert set(reasons.values()) == {"File name too long"}
    assert {path[-1] for path in reasons} >= {"/", "y"}, "a folder and a file"
