"""The printed card, read back: what it says, what it carries, and what it never contains."""

from __future__ import annotations

import io
import os
from typing import Any

import pytest
from pypdf import PdfReader

from scorecard.verifier.pdf_file import embedded_bundle
from tests.pdf.cards import KEY, VERIFY_URL, a_sealed_card, a_snapshot
from tests.pdf.conftest import ATTACHMENTS, Printer, pages_of

pytestmark = pytest.mark.services


def _root(reader: PdfReader) -> Any:
    return reader.trailer["/Root"]


def _fonts(reader: PdfReader) -> list[Any]:
    found = {}
    for page in reader.pages:
        for name, font in page["/Resources"]["/Font"].items():  # type: ignore[index]
            found[name] = font.get_object()
    return list(found.values())


def test_the_first_page_says_the_decision_the_levels_and_who_signed(sealed_pdf: bytes) -> None:
    first = pages_of(sealed_pdf)[0]
    assert "Atlas 2 (fictional) — Preparedness scorecard" in first
    assert "May be deployed — post-mitigation level is Medium or below." in first
    for words in ("CBRN", "Cybersecurity", "Persuasion", "Model autonomy", "Chen Okafor", "Dana Reyes", "Risk levels"):
        assert words in first
    assert first.count("Medium") >= 3


def test_the_first_page_holds_document_control_and_exceptions_of_a_usual_card(sealed_pdf: bytes) -> None:
    first = pages_of(sealed_pdf)[0]
    assert "Document control" in first
    assert "Persuasion Pre-mitigation Low was set by people without evidence that decides." in first
    assert "Post-mitigation Low was set by people; the evidence does not rule out Medium and High." in first


def test_every_page_names_document_record_class_and_its_number(sealed_pdf: bytes) -> None:
    pages = pages_of(sealed_pdf)
    record = a_sealed_card()["digest"].partition(":")[2]
    for number, text in enumerate(pages, start=1):
        assert "PSC-2026-0001 v1" in text
        assert f"SHA-256 {record}" in text
        assert "illustrative thresholds" in text
        assert f"Page {number} of {len(pages)}" in text


def test_the_parts_are_numbered_so_that_they_can_be_cited(sealed_pdf: bytes) -> None:
    text = " ".join(pages_of(sealed_pdf))
    for heading in (
        "1 Document control", "2 Signatures", "3 Scope and limits", "4.1 CBRN", "4.4 Model autonomy",
        "5 Exceptions and missing evidence", "6 Changes since the last version", "7 Method", "8 Evidence index",
        "9 How to verify this document", "A Safety evaluations", "B Red teaming and external testing",
        "C Evidence outside the framework",
    ):  # fmt: skip
        assert text.count(heading) == 2 or (heading.startswith("C ") and heading in text), heading


def test_the_way_to_verify_is_printed_with_the_key(sealed_pdf: bytes) -> None:
    text = "".join("".join(pages_of(sealed_pdf)).split())
    assert f"scorecardverifyPSC-2026-0001-v1.pdf\\--key'{KEY}'" in text


def test_the_attached_files_come_out_unchanged_and_dated_like_the_card(sealed_pdf: bytes) -> None:
    reader = PdfReader(io.BytesIO(sealed_pdf))
    assert {name: data[0] for name, data in reader.attachments.items()} == ATTACHMENTS
    assert embedded_bundle(sealed_pdf) == ATTACHMENTS["bundle.zip"]
    assert reader.metadata is not None
    assert str(reader.metadata.creation_date) == "2024-12-05 09:30:00+00:00"
    relations = {str(spec.get_object()["/AFRelationship"]) for spec in _root(reader)["/AF"]}
    assert relations == {"/Supplement", "/Data", "/Source"}


def test_only_plex_is_embedded_and_no_glyph_is_missing(sealed_pdf: bytes) -> None:
    reader = PdfReader(io.BytesIO(sealed_pdf))
    assert {str(font["/BaseFont"]).partition("+")[2].partition("-B")[0][:8] for font in _fonts(reader)} == {"IBM-Plex"}
    for font in _fonts(reader):
        assert font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()["/FontFile2"]
    assert "\ufffd" not in "".join(pages_of(sealed_pdf))


def test_it_is_written_as_an_archive_file_with_title_language_and_tags(sealed_pdf: bytes) -> None:
    reader = PdfReader(io.BytesIO(sealed_pdf))
    root = _root(reader)
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert b'pdfaid:part="3"' in root["/Metadata"].get_object().get_data()
    assert reader.metadata is not None
    assert reader.metadata.title == "Atlas 2 (fictional) — Preparedness scorecard · PSC-2026-0001 v1"


def test_the_same_card_gives_the_same_bytes_in_another_process_zone_and_language(
    sealed_pdf: bytes, printer: Printer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "77"}.items():
        monkeypatch.setitem(os.environ, name, value)
    assert printer(a_sealed_card()) == sealed_pdf


def test_a_draft_says_on_every_page_that_it_is_one_and_a_sealed_card_on_none(
    sealed_pdf: bytes, draft_pdf: bytes
) -> None:
    drafts = pages_of(draft_pdf)
    assert all("DRAFT - NOT APPROVED" in text for text in drafts)
    assert "Waiting" in drafts[0]
    assert not any("NOT APPROVED" in text for text in pages_of(sealed_pdf))


def test_hostile_text_is_printed_as_text(printer: Printer) -> None:
    hostile = (
        "<script>alert(1)</script> {{7*7}} {% include 'x' %} <img src=http://127.0.0.1:9/x> \u202egpj \u0441yber \x07"
    )
    snapshot = a_snapshot()
    snapshot["checkpoint"] = hostile
    snapshot["categories"][0]["pre_mitigation"]["rationale"] = hostile
    text = " ".join(pages_of(printer(a_sealed_card(snapshot))))
    assert "<script>alert(1)</script> {{7*7}} {% include 'x' %}" in text
    assert "\\u202egpj \\u0441yber \\u0007" in text


def test_the_code_on_the_first_page_links_to_the_address_that_verifies(sealed_pdf: bytes) -> None:
    links = [annotation.get_object() for annotation in PdfReader(io.BytesIO(sealed_pdf)).pages[0]["/Annots"]]  # type: ignore[attr-defined]
    assert VERIFY_URL in {str(link["/A"]["/URI"]) for link in links if "/A" in link}
