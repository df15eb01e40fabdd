"""What the renderer refuses to load, and what it does with a card that is far too large."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from scorecard.pdf import child
from scorecard.pdf.availability import PdfUnavailable, missing_libraries, remedy
from scorecard.pdf.bounding import ROW_LIMIT, TEXT_LIMIT, bounded, first_rows
from scorecard.pdf.child import PdfFailed, render_in_child
from tests.pdf.cards import KEY, VERIFY_URL, a_framework, a_sealed_card, a_snapshot, an_estimate, the_evidence
from tests.pdf.conftest import Printer, pages_of

VECTORS = (
    '<img src="{0}/img">',
    '<link rel="stylesheet" href="{0}/sheet.css">',
    "<style>@import url({0}/import.css);</style>",
    "<style>@font-face {{ font-family: x; src: url({0}/font.woff2) }} p {{ font-family: x }}</style><p>x</p>",
    '<p style="background: url({0}/background.png)">x</p>',
    '<svg><image href="{0}/image.png" width="9" height="9"/></svg>',
    '<object data="{0}/object"></object>',
    '<embed src="{0}/embed">',
    '<base href="{0}/"><img src="relative.png">',
    '<link rel="attachment" href="{0}/redirect">',
    '<link rel="attachment" href="file:///etc/hostname">',
    '<img src="file:///etc/hostname"><img src="data:image/png;base64,AAAA">',
)


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A web server that remembers every request: its address and the paths asked for."""
    paths: list[str] = []

    class Remember(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Remember)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.services
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the writer leaves its colour file open
@pytest.mark.parametrize("vector", VECTORS)
def test_no_address_in_a_document_is_ever_opened(pango: None, asked: tuple[str, list[str]], vector: str) -> None:
    writing = pytest.importorskip("scorecard.pdf.writing")
    fetching = pytest.importorskip("scorecard.pdf.fetching")
    address, paths = asked
    fetcher = fetching.OwnFilesOnly(fetching.own_files(4))
    pdf = writing.write(
        f"<html><body>{vector.format(address)}</body></html>",
        fetcher=fetcher,
        attachments={},
        at="2024-12-05T00:00:00Z",
    )
    assert pdf.startswith(b"%PDF-")
    assert paths == []
    assert fetcher.refused
    assert b"/EmbeddedFile" not in pdf


@pytest.mark.services
@pytest.mark.slow
def test_a_card_with_far_too_many_runs_is_printed_short_and_says_so(printer: Printer) -> None:
    many = [an_estimate(number, "standard-refusal", "not_unsafe", 0.9) for number in range(100, 20_100)]
    text = " ".join(pages_of(printer(a_sealed_card(a_snapshot(the_evidence() + many)))))
    assert f"First {ROW_LIMIT} of 20001 rows; the full list is attached as evidence.csv." in text


@pytest.mark.services
@pytest.mark.slow
def test_a_text_without_end_is_cut_and_says_so(printer: Printer) -> None:
    snapshot = a_snapshot()
    snapshot["categories"][1]["post_mitigation"]["rationale"] = "x" * 2_000_000
    text = " ".join(pages_of(printer(a_sealed_card(snapshot))))
    assert "of 2000000 characters" in text


@pytest.mark.services
def test_a_renderer_that_hangs_is_stopped(pango: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "WALL_SECONDS", 0.05)
    with pytest.raises(PdfFailed, match="took longer"):
        _render(a_sealed_card())


@pytest.mark.services
def test_a_card_that_cannot_be_read_fails_with_one_line(pango: None) -> None:
    with pytest.raises(PdfFailed, match="KeyError"):
        _render({"snapshot": {}})


def test_without_pango_the_words_name_what_is_missing_and_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    assert missing_libraries() == ["gobject-2.0", "pango-1.0", "pangoft2-1.0", "harfbuzz-subset"]
    assert remedy() == (
        "PDF export is off: gobject-2.0, pango-1.0, pangoft2-1.0, harfbuzz-subset not found. "
        "Fix: sudo apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (macOS: brew install pango). "
        "Everything else works; HTML and JSON exports stay available."
    )
    with pytest.raises(PdfUnavailable, match="apt install"):
        _render(a_sealed_card())


def test_with_everything_there_no_remedy_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: "lib.so")
    assert remedy() == ""


def test_texts_and_lists_are_bounded_and_each_cut_is_told() -> None:
    cuts: list[str] = []
    kept = bounded({"rationale": "x" * 5_000, "authors": [1] * 600, "evidence": [1] * 600}, cuts)
    assert len(kept["authors"]) == 500
    assert len(kept["evidence"]) == 600
    assert kept["rationale"].startswith("x" * TEXT_LIMIT + "…")
    assert cuts == ["a text of rationale: first 4000 of 5000 characters", "authors: first 500 of 600"]


def test_rows_up_to_the_limit_are_kept_without_words() -> None:
    assert first_rows([1] * ROW_LIMIT) == ([1] * ROW_LIMIT, "")
    assert first_rows([1, 2, 3], 2) == ([1, 2], "First 2 of 3 rows; the full list is attached as evidence.csv.")


def _render(card: dict[str, Any]) -> bytes:
    return render_in_child(card, framework=a_framework(), attachments={}, verify_url=VERIFY_URL, verification_key=KEY)
