import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.errors import NotFound, PayloadInvalid, SettingsInvalid
from catalog.providers import recordings
from catalog.providers.recordings import (
    MAX_BYTES,
    Recording,
    find,
    misnamed,
    moment,
    read,
    refuse_future,
    shipped,
)

AT = datetime(2025, 8, 13, 18, 55, 22, tzinfo=UTC)


def write(directory: Path, name: str, body: bytes = b"{}") -> Path:
    """Write a file and return its path."""
    path = directory / name
    path.write_bytes(body)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "2025-08-13T185522Z.json",
        "2025-08-13T18:55:22Z.json",
        "2025-08-13T185522Z.json.gz",
        "2025-08-13T18:55:22Z.json.gz",
        "2025-08-13T185522.123456Z.json",
        "2025-08-13T18:55:22.9Z.json",
    ],
)
def test_moment_from_the_name(name: str) -> None:
    """A file name with or without colons, fractions and `.gz` gives its UTC time."""
    assert moment(Path("somewhere") / name) == AT


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "2025-08-13.json",
        "2025-08-13T185522.json",
        "2025-08-13T185522Z.JSON.bak",
        "2025-08-13T18:5522Z.json",
        "2025-06-31T185522Z.json",
        "2025-08-13T185560Z.json",
        "2025-08-13T245522Z.json",
        "0000-08-13T185522Z.json",
        "٢٠٢٥-08-13T185522Z.json",  # digits, but not ASCII ones
        "copy of 2025-08-13T185522Z.json",
    ],
)
def test_no_moment_in_other_names(name: str) -> None:
    """A name without a valid UTC time gives None."""
    assert moment(Path(name)) is None


@given(st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis adds the zone
def test_every_moment_can_name_a_file(at: datetime) -> None:
    """The file name of any time gives the same time to the second."""
    at = at.replace(microsecond=0)
    text = at.replace(tzinfo=None).isoformat()
    assert moment(Path(f"{text}Z.json")) == at
    assert moment(Path(f"{text.replace(':', '')}Z.json.gz")) == at


def test_find_sorts_by_time_and_ignores_other_entries(tmp_path: Path) -> None:
    """Recordings are sorted by time, and other entries are ignored."""
    last = write(tmp_path, "2025-08-13T18:55:22Z.json")
    first = write(tmp_path, "2025-08-13T09:00:00Z.json.gz")
    middle = write(tmp_path, "2025-08-13T100000Z.json")
    write(tmp_path, "README.md")
    (tmp_path / "2025-08-14T000000Z.json").mkdir()
    found = find(tmp_path)
    assert [each.path for each in found] == [first, middle, last]
    assert found[2] == Recording(last, AT)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("2026-01-01T000000Z-1.json.gz", "'-1' is between the time and the ending"),
        ("2026-01-01T000000Z (2).json", "' (2)' is between the time and the ending"),
        ("2026-01-01T000000.json", "the time does not end with Z, which means UTC"),
        ("2026-01-01.json", "the time is not written like 2025-08-13T185522Z"),
        ("list-20260101T000000Z.json", "the time is not written like 2025-08-13T185522Z"),
        ("2026-02-31T000000Z.json", "there is no such day or time"),
        ("2026-01-01T000000Z.JSON", "the name does not end with .json or .json.gz"),
        ("2026-01-01T000000Z.json.zst", "the name does not end with .json or .json.gz"),
    ],
)
def test_an_almost_correct_name_is_reported_with_the_reason(
    tmp_path: Path, name: str, why: str
) -> None:
    """A file with an almost correct name is reported, and other files are not."""
    for other in ("README.md", "models.json", "2026-01-01.md", "2026-01-01T000000Z.json"):
        write(tmp_path, other)
    near = write(tmp_path, name)
    assert misnamed(tmp_path) == ((near, why),)


def test_a_folder_with_only_almost_correct_names(tmp_path: Path) -> None:
    """Without any recording, the error has the first almost correct name and the reason."""
    write(tmp_path, "2026-01-01T000000.json")
    with pytest.raises(NotFound, match=r"payload; 2026-01-01T000000\.json: the time does not end"):
        find(tmp_path)


def test_two_files_of_the_same_time_are_refused(tmp_path: Path) -> None:
    """The error names both files and the next step."""
    for name in ("2025-08-13T185522Z.json", "2025-08-13T18:55:22Z.json"):
        write(tmp_path, name)
    for name in ("2025-09-01T000000Z.json", "2025-09-01T000000Z.json.gz"):
        write(tmp_path, name)
    with pytest.raises(SettingsInvalid) as caught:
        find(tmp_path)
    assert str(caught.value) == (
        f"two recordings of the same time in {tmp_path}:"
        " 2025-08-13T185522Z.json and 2025-08-13T18:55:22Z.json"
        " both have the time 2025-08-13T18:55:22Z;"
        " 2025-09-01T000000Z.json and 2025-09-01T000000Z.json.gz"
        " both have the time 2025-09-01T00:00:00Z"
    )
    assert "Keep one file" in caught.value.hint


def test_directory_without_recordings(tmp_path: Path) -> None:
    """A directory without recordings is refused with a hint about names."""
    write(tmp_path, "models.json")
    with pytest.raises(NotFound, match="contains no recorded payload") as caught:
        find(tmp_path)
    assert "2025-08-13T185522Z.json" in caught.value.hint


def test_missing_directory(tmp_path: Path) -> None:
    """The error about a missing directory has its name and the reason."""
    path = tmp_path / "nowhere"
    with pytest.raises(NotFound, match="No such file or directory") as caught:
        find(path)
    assert str(path) in str(caught.value)
    with pytest.raises(NotFound, match="Not a directory"):
        find(write(tmp_path, "file"))


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_an_envelope_is_unchanged(tmp_path: Path, name: str) -> None:
    """A payload in its envelope is unchanged, compressed or not."""
    body = b' {"result" : "success", "data": [ ]}\r\n'
    path = write(tmp_path, name, gzip.compress(body) if name.endswith(".gz") else body)
    assert read(path) == body


def test_a_bare_list_is_unchanged(tmp_path: Path) -> None:
    """A bare list keeps its bytes, because the validation finds its rows."""
    path = write(tmp_path, "a.json", b'\n [{"id": 1.0}]\n')
    assert read(path) == b'\n [{"id": 1.0}]\n'


@pytest.mark.parametrize("body", [b"", b"not json", b'"[1]"', b"\xff["])
def test_other_content_is_left_for_the_validation(tmp_path: Path, body: bytes) -> None:
    """Other content is unchanged and validated later."""
    assert read(write(tmp_path, "a.json", body)) == body


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        gzip.compress(b"{}" * 500)[:-12],
        gzip.compress(b"{}")[:-8] + b"\0" * 8,
        gzip.compress(b"{}")[:10] + b"\xff" * 20,
    ],
    ids=["no gzip", "cut short", "wrong checksum", "damaged"],
)
def test_broken_gzip(tmp_path: Path, body: bytes) -> None:
    """Invalid, truncated or damaged gzip data is refused with the file name."""
    path = write(tmp_path, "a.json.gz", body)
    with pytest.raises(PayloadInvalid, match="found broken gzip data in") as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_gzip_bomb(tmp_path: Path) -> None:
    """A small file that unpacks to more than 64 MiB is refused."""
    path = write(tmp_path, "a.json.gz", gzip.compress(b" " * (MAX_BYTES + 1), 1))
    with pytest.raises(PayloadInvalid, match="found more than 67,108,864 bytes in"):
        read(path)


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    """The error about an unreadable file has its name and the reason."""
    for name in ("a.json", "a.json.gz"):
        with pytest.raises(NotFound, match=f"{name} cannot be read: No such file"):
            read(tmp_path / name)
    with pytest.raises(NotFound, match="cannot be read: Is a directory"):
        read(tmp_path)


def test_shipped_history_is_a_directory_beside_the_program() -> None:
    """The shipped history is a real directory of readable recordings inside the package."""
    assert shipped() == Path(recordings.__file__).parent.parent / "replay" / "history"
    assert all(read(each.path).startswith(b'{\n  "result": "success"') for each in find(shipped()))


def test_recordings_of_the_future_are_refused() -> None:
    """A recording of the present is accepted. Later ones are counted, and the first is named."""
    known = find(shipped())
    refuse_future(known, known[-1].at)
    with pytest.raises(SettingsInvalid) as caught:
        refuse_future(known, known[-2].at - timedelta(seconds=1))
    assert str(caught.value) == (
        f"recordings cannot be in the future: 2 recordings (the first: {known[-2].path}) "
        "after now, 2026-03-19T13:53:45Z"
    )
    assert "clock" in caught.value.hint
