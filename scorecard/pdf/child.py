"""Rendering in a child process with limits: a hostile or huge card costs one failed job, not the worker."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import Any

from scorecard.environment import ROOT
from scorecard.pdf.availability import PdfUnavailable, missing_libraries, remedy

WALL_SECONDS = 120


class PdfFailed(RuntimeError):
    """The renderer failed or hit its limits; the text holds the last line that it said."""


def render_in_child(
    sealed: dict[str, Any],
    *,
    framework: dict[str, Any],
    attachments: dict[str, bytes],
    verify_url: str,
    verification_key: str,
    comparisons: list[dict[str, Any]] | None = None,
) -> bytes:
    """Return the PDF of a sealed card, without its seal line; `comparisons` are figures of other models beside it.

    Raises PdfUnavailable where Pango is missing, PdfFailed when the child fails, hangs or is stopped by its limits.
    """
    if missing_libraries():
        raise PdfUnavailable(remedy())
    asked = {
        "sealed": sealed,
        "framework": framework,
        "attachments": {name: base64.b64encode(data).decode() for name, data in attachments.items()},
        "verify_url": verify_url,
        "verification_key": verification_key,
        "comparisons": comparisons or [],
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "scorecard.pdf"],
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=WALL_SECONDS,
            cwd=ROOT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PdfFailed(f"rendering took longer than {WALL_SECONDS} seconds and was stopped") from None
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise PdfFailed(said[-1] if said else f"the renderer stopped with status {done.returncode}")
    return done.stdout
