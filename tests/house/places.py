"""Where things are in the repository, for the tests of the house."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("scorecard", "evaluations", "client")


def tracked_files() -> list[Path]:
    """Return the files that git keeps and that are there."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True).stdout
    return [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]


def code_files(*, generated: bool = False) -> list[Path]:
    """Return the product's Python files; migrations and built files only with `generated`."""
    found = []
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            built = "migrations" in path.parts or path.name in ("verify.py", "offline_verifier.py")
            if generated or not built or path.parent.name == "web":
                found.append(path)
    return found
