"""What the renderer may load: files handed to it by name, and nothing else from disk or network."""

from __future__ import annotations

from pathlib import Path

from weasyprint.urls import URLFetcher, URLFetcherResponse

from scorecard.environment import ROOT
from scorecard.plots import level_bars

STATIC = ROOT / "scorecard" / "static" / "scorecard"
BASE = "https://print.invalid/"
"""Relative addresses are joined to this; the name is reserved and can never be resolved."""
KINDS = {".woff2": "font/woff2", ".css": "text/css", ".svg": "image/svg+xml"}
COLOURS = {"dark": "#14232e", "light": "#ffffff"}


def own_files(levels: int) -> dict[str, bytes]:
    """Return the fonts and the glyphs of a framework with that many levels, by address."""
    files = {f"{BASE}fonts/{path.name}": path.read_bytes() for path in sorted((STATIC / "fonts").glob("*.woff2"))}
    for place in range(levels):
        for name, colour in COLOURS.items():
            files[f"{BASE}bars-{place}-{name}.svg"] = level_bars(place, levels, colour=colour).encode()
    return files


class OwnFilesOnly(URLFetcher):  # type: ignore[misc]
    """Serves the given files by exact address and refuses everything else; `refused` remembers what was asked."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)
        self.files = files
        self.refused: list[str] = []

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """Return a file of ours. Raises ValueError for every other address, before anything is opened."""
        if url not in self.files:
            self.refused.append(url)
            raise ValueError(f"{url[:200]} is not a file of the printed scorecard")
        return URLFetcherResponse(url, self.files[url], {"Content-Type": KINDS[Path(url).suffix]})
