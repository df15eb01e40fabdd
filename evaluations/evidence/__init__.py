"""Kinds of evidence beyond scored samples: they inform the card and never set a level. Knows no Django."""

from evaluations.evidence.headlines import headline
from evaluations.evidence.kinds import KINDS, Kind, kind_of
from evaluations.evidence.parts import CheckpointDocument, Document
from evaluations.evidence.policies import Policy, PolicyJudgements
from evaluations.evidence.probing import Probing
from evaluations.evidence.reading import evidence_digest, parse_evidence, refuse_faults
from evaluations.evidence.refusals import Refusals, pair_reading

__all__ = [
    "KINDS",
    "CheckpointDocument",
    "Document",
    "Kind",
    "Policy",
    "PolicyJudgements",
    "Probing",
    "Refusals",
    "evidence_digest",
    "headline",
    "kind_of",
    "pair_reading",
    "parse_evidence",
    "refuse_faults",
]
