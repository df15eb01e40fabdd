"""Questions asked of the judgement: noun phrases, reading only."""

from scorecard.queries.cards import author_ids, card_digest, card_document, snapshot_of, working_snapshot
from scorecard.queries.evidence import comparisons_of, evidence_of, evidence_sections, sources_of, unlisted_words
from scorecard.queries.gate import standing_gate
from scorecard.queries.history import history_of, ledger_page, ledger_state
from scorecard.queries.overview import cards_in_review, overview_rows
from scorecard.queries.signoff import signoff_of, steps_of
from scorecard.queries.withholding import card_document_for

__all__ = [
    "author_ids",
    "card_digest",
    "card_document",
    "card_document_for",
    "cards_in_review",
    "comparisons_of",
    "evidence_of",
    "evidence_sections",
    "history_of",
    "ledger_page",
    "ledger_state",
    "overview_rows",
    "signoff_of",
    "snapshot_of",
    "sources_of",
    "standing_gate",
    "steps_of",
    "unlisted_words",
    "working_snapshot",
]
