"""Printed cards for the tests of this room; rendering takes seconds, so each kind is printed once."""

from __future__ import annotations

import functools
import io
import os
from collections.abc import Callable
from typing import Any

import pytest
from pypdf import PdfReader

from scorecard.pdf.availability import missing_libraries, remedy
from scorecard.pdf.child import render_in_child
from scorecard.verifier.archive import pack_stored
from tests.pdf.cards import KEY, VERIFY_URL, a_draft, a_framework, a_sealed_card

ATTACHMENTS = {
    "bundle.zip": pack_stored({"README.txt": b"read me\n"}),
    "scorecard.json": b'{"number":"PSC-2026-0001"}',
    "evidence.csv": b"run,value\nrun_0001,0.5\n",
}

Printer = Callable[[dict[str, Any]], bytes]


@pytest.fixture(scope="session")
def pango() -> None:
    """Skip with the remedy where Pango is missing, but fail where services are required."""
    if missing_libraries():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(remedy())
        pytest.skip(remedy())


@pytest.fixture(scope="session")
def printer(pango: None) -> Printer:
    """Print a card as the product does: in the limited child process."""

    def print_card(card: dict[str, Any]) -> bytes:
        return render_in_child(
            card, framework=a_framework(), attachments=ATTACHMENTS, verify_url=VERIFY_URL, verification_key=KEY
        )

    return print_card


@pytest.fixture(scope="session")
def sealed_pdf(printer: Printer) -> bytes:
    """A sealed card, printed."""
    return printer(a_sealed_card())


@pytest.fixture(scope="session")
def draft_pdf(printer: Printer) -> bytes:
    """A draft, printed."""
    return printer(a_draft())


@functools.cache
def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page, with spaces as one."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]
