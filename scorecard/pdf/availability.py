"""Whether PDF export works on this machine, and the one line that repairs it; asked without importing WeasyPrint."""

from __future__ import annotations

import ctypes.util

LIBRARIES = ("gobject-2.0", "pango-1.0", "pangoft2-1.0", "harfbuzz-subset")
PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
REMEDY = f"sudo apt install {PACKAGES} (macOS: brew install pango)"


class PdfUnavailable(RuntimeError):
    """This machine lacks the libraries that PDF export needs; the text says which, and what installs them."""


def missing_libraries() -> list[str]:
    """Return the shared libraries that WeasyPrint needs and this machine lacks."""
    return [name for name in LIBRARIES if ctypes.util.find_library(name) is None]


def remedy() -> str:
    """Return why PDF export is off and what switches it on; empty when it is on."""
    missing = missing_libraries()
    if not missing:
        return ""
    return (
        f"PDF export is off: {', '.join(missing)} not found. Fix: {REMEDY}. "
        "Everything else works; HTML and JSON exports stay available."
    )
