"""Part E of the printed card: the documents that inform it, with their figures, of how many, and their digests."""

from __future__ import annotations

from typing import Any

from scorecard.pdf.arranging import context
from tests.pdf.cards import a_framework, a_sealed_card, a_snapshot
from tests.pdf.conftest import Printer, pages_of

FIGURES = [
    {"name": "Standard refusal: not unsafe", "figure": "98%", "interval": "95% to 99.2%", "n": "196 of 200"},
    {"name": "Standard refusal: not over-refusing", "figure": "93%", "interval": "", "n": "n not published"},
]


def a_document(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"evd_{number:04}", "kind": "refusals/1", "kind_title": "Unsafe answers beside over-refusal",
        "title": f"Refusals {number}", "native_id": f"pair {number}", "version": None, "revision": 1,
        "digest": "sha256:" + "1" * 64, "raw_digest": "sha256:" + f"{number:064}", "checkpoints": ["atlas-2-rc1"],
        "mitigation": "post_mitigation", "category": None, "section": "safety", "source": "partner",
        "received_at": "2024-12-05T09:00:00.000000Z", "summary": "Not unsafe 0.980.", "figures": FIGURES, **changes,
    }  # fmt: skip


def arranged(*documents: dict[str, Any]) -> dict[str, Any]:
    card = a_sealed_card(a_snapshot(informing=list(documents)) if documents else None)
    found: dict[str, Any] = context(card, framework=a_framework(), verify_url="", verification_key="")["informing"]
    return found


def test_each_document_is_printed_with_kind_figures_denominators_and_digest(printer: Printer) -> None:
    rows = [a_document(1), a_document(2, title="Report of a partner", figures=[], summary="Two findings.")]
    text = " ".join(pages_of(printer(a_sealed_card(a_snapshot(informing=rows)))))
    printed = text.rpartition("E Other evidence that informs this card")[2]
    for words in (
        "2 documents of other kinds", "Unsafe answers beside over-refusal", "98%", "95% to 99.2%", "196 of 200",
        "n not published", "Report of a partner", "Two findings.", f"{1:064}", "no level rests on them",
    ):  # fmt: skip
        assert words in printed, words


def test_a_card_that_no_document_informs_has_no_such_part(sealed_pdf: bytes) -> None:
    assert arranged() == {"rows": [], "note": "", "count": "0"}
    assert "Other evidence that informs" not in " ".join(pages_of(sealed_pdf))


def test_documents_stand_in_the_order_of_category_and_section_and_many_are_cut_with_words() -> None:
    rows = arranged(
        a_document(1, section="safety"), a_document(2, category="cbrn"), a_document(3, section="red_teaming")
    )
    assert [row["id"] for row in rows["rows"]] == ["evd_0003", "evd_0001", "evd_0002"]
    many = arranged(*(a_document(number) for number in range(300)))
    assert len(many["rows"]) == 200
    assert many["note"] == "First 200 of 300 rows; the full list is attached as bundle.zip."


def test_a_policy_is_about_no_checkpoint_and_says_so() -> None:
    [row] = arranged(a_document(1, checkpoints=[], mitigation="unspecified", section=None))["rows"]
    assert (row["about"], row["side"], row["place"]) == ("no checkpoint", "", "")
