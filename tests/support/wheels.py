"""Write small wheels and their locks, to install without an index."""

from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile


def make_wheel(folder: Path, name: str, code: str = "", script: str = "") -> Path:
    """Write a wheel of one module. It can have a command.

    `NAME = FUNCTION` declares the command.
    """
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{script}\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return wheel


def pin(*wheels: Path) -> str:
    """Return a lock that pins these wheels with their hashes."""
    pairs = ((wheel.name.partition("-")[0], sha256(wheel.read_bytes())) for wheel in wheels)
    return "".join(f"{name}==1.0 --hash=sha256:{digest.hexdigest()}\n" for name, digest in pairs)
