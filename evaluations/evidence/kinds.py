"""Every kind of evidence document: its schema, its class, its name in words, and what is read from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evaluations.evidence.arenas import Arena, read_arena
from evaluations.evidence.breakdowns import Breakdown, read_breakdown
from evaluations.evidence.comparisons import Comparison, read_comparison
from evaluations.evidence.partner_reports import PartnerReport, read_partner_report
from evaluations.evidence.parts import Document
from evaluations.evidence.policies import Policy, PolicyJudgements, read_judgements, read_policy
from evaluations.evidence.probing import Probing, read_probing
from evaluations.evidence.refusals import Jailbreaks, Refusals, read_jailbreaks, read_refusals

Reader = Callable[[Any, Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """One kind of document. `read` computes what is shown, from the document and what it was bound to at filing."""

    schema: str
    document: type[Document]
    title: str
    read: Reader


KINDS = {
    kind.schema: kind
    for kind in (
        Kind("policy/1", Policy, "Policy", read_policy),
        Kind("policy-judgements/1", PolicyJudgements, "Judgements against a policy", read_judgements),
        Kind("breakdown/1", Breakdown, "Breakdown by stratum", read_breakdown),
        Kind("refusals/1", Refusals, "Unsafe answers beside over-refusal", read_refusals),
        Kind("jailbreaks/1", Jailbreaks, "Jailbreak techniques", read_jailbreaks),
        Kind("comparison/1", Comparison, "Pairwise comparison", read_comparison),
        Kind("arena/1", Arena, "Attack arena", read_arena),
        Kind("probing/1", Probing, "Expert probing", read_probing),
        Kind("partner-report/1", PartnerReport, "Partner's report", read_partner_report),
    )
}


def kind_of(document: Document) -> Kind:
    """Return the kind of a document."""
    return KINDS[document.schema_name]
