"""Running the checks on members, files and in a child process that has nothing but the one file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scorecard.verifier.build import source
from scorecard.verifier.command import MALFORMED, checks_of, verify
from scorecard.verifier.opened import Difference, Opened


def checked_file(path: Path, key: str | None, older: str = "") -> tuple[int, list[str]]:
    """Return the exit code and what was said."""
    said: list[str] = []
    code, _ = verify(path, key, older, said.append)
    return code, said


def difference(members: dict[str, bytes], key: str | None, older: str = "") -> str:
    """Return the first difference that the checks find in the members, without any file; empty if there is none."""
    opened = Opened(members)
    try:
        for _, check in checks_of(key, older):
            check(opened)
    except Difference as found:
        return str(found)
    except MALFORMED as error:
        return f"malformed: {error!r}"
    return ""


def unpacked(folder: Path, members: dict[str, bytes]) -> Path:
    """Write the members as a folder and return it."""
    for name, data in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def in_a_child(folder: Path, *arguments: object, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """Run verify.py alone in the folder, without the site packages, environment or folder of the product."""
    file = folder / "verify.py"
    file.write_text(source(), encoding="utf-8")
    command = [python, "-I", "-S", str(file), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8")
