"""A small card without any fault, built by the product's own rules, and a place for planting faults in it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from evaluations.estimates.tally import tally_from_counts
from scorecard.framework.levels import indicate
from scorecard.snapshot import SIDES, Determined, Parts, build
from scorecard.xray.examining import examine
from scorecard.xray.finding import Finding

Record = dict[str, Any]
PUBLISHED, RECEIVED, DETERMINED, NOW = (f"2026-0{month}-01T12:00:00.000000Z" for month in (1, 2, 3, 4))
LEVELS = ("low", "medium", "high")
SOURCE = "the laboratory's pipeline"


def indicator(category: str, level: str, value: float, **changes: Any) -> Record:
    """A threshold on the category's evaluation."""
    evaluation = {"cybersecurity": "ctf", "persuasion": "tweets"}[category]
    return {
        "id": f"{evaluation}-{level}", "category": category, "level": level, "evaluation": evaluation, "stratum": None,
        "metric": "pass@1", "value": value, "direction": "at_or_above", "statistic": "proportion", "interval": None,
        "required": True, "illustrative": False, "rationale": "r", **changes,
    }  # fmt: skip


def listed(slug: str, category: str | None, **changes: Any) -> Record:
    """An evaluation as the framework lists it."""
    section = "preparedness" if category else "safety"
    return {
        "slug": slug, "title": slug, "role": "indicator" if category else "supporting", "section": section,
        "category": category, "polarity": "higher_is_riskier" if category else "higher_is_safer",
        "unit": "proportion", "summary": "", "aliases": [], **changes,
    }  # fmt: skip


def _framework() -> Record:
    names = {"cybersecurity": "Cybersecurity", "persuasion": "Persuasion"}
    return {
        "schema": "framework/1", "slug": "tiny", "version": "1", "title": "Tiny", "effective_from": "2026-01-01",
        "published_at": PUBLISHED, "overall": "maximum", "gates": [], "obligations": [],
        "levels": [{"slug": slug, "name": slug.capitalize()} for slug in LEVELS],
        "policy": {"coverage_minimum": 0.9, "interval": "wilson", "alert_margin": 0.05, "missing_statuses": ["error"]},
        "categories": [{"slug": slug, "name": name} for slug, name in names.items()],
        "indicators": [indicator(slug, *rule) for slug in names for rule in (("medium", 0.5), ("high", 0.8))],
        "evaluations": [listed("ctf", "cybersecurity"), listed("tweets", "persuasion"), listed("refusals", None)],
        "signoff": {"steps": [], "validity_days": 365, "below_indicated": "quorum"},
    }  # fmt: skip


def counted(run: str, evaluation: str, mitigation: str, successes: int, trials: int = 400, **changes: Any) -> Record:
    """A measured run of counts, about which everything is said that ought to be said."""
    return {
        "run": run, "standing": "cited", "evaluation": evaluation, "stratum": None, "metric": "pass@1",
        "unit": "proportion", "subject": "atlas", "checkpoint": "atlas-1", "mitigation": mitigation, "scaffold": None,
        "value": successes / trials, "qualifier": "=", "form": "tally", "quality": "measured", "source": SOURCE,
        "table": "", "printed": "", "printed_unit": "proportion", "printed_metric": "pass@1", "n": trials,
        "n_text": str(trials), "attempts": None, "stderr": None, "interval": None,
        "tally": tally_from_counts(successes, trials, None).to_dict(), "adequate": True, "version": "1",
        "dataset": "sha256:1", "comparator": None, "stated": ["contamination", "sandbagging", "grader"],
        "statuses": {}, "error_origins": {}, "completion": "complete", "agreement": [], "received_at": RECEIVED,
        "native": f"native-{run}", "revision": 1, **changes,
    }  # fmt: skip


def printed(run: str, value: str, **changes: Any) -> Record:
    """A figure that a publication prints, with its n."""
    row = {
        **counted(run, "refusals", "post_mitigation", 200),
        "metric": "not_unsafe", "printed_metric": "not_unsafe", "form": "estimate", "quality": "printed",
        "source": "a system card", "table": "T1", "printed": value, "value": float(value), "printed_unit": "fraction",
    }  # fmt: skip
    return {**row, **changes}


class World:
    """The parts of a faultless card; change them, then ask for the findings."""

    def __init__(self) -> None:
        self.framework = _framework()
        self.figures = [
            counted("run-a", "ctf", "pre_mitigation", 80), counted("run-b", "ctf", "post_mitigation", 40),
            counted("run-c", "tweets", "pre_mitigation", 80), counted("run-d", "tweets", "post_mitigation", 40),
        ]  # fmt: skip
        self.levels = {(row["slug"], side): "low" for row in self.framework["categories"] for side in SIDES}
        self.reasons = {key: f"{key[0]} is far below its threshold {key[1]}" for key in self.levels}
        self.determined_at = DETERMINED
        self.authors = [{"id": "ada", "name": "Ada", "role": "preparedness"}]
        self.applicability: list[Record] = []
        self.signatures: list[Record] = []
        self.card: Record = {}
        self.arguments: dict[tuple[str, str], str] = {}
        self.pairs: dict[tuple[str, str, bool], Record] = {}

    def figure(self, run: str) -> Record:
        """One of the figures, for changing."""
        return next(row for row in self.figures if row["run"] == run)

    def add(self, *rows: Record) -> None:
        """Add figures to the card."""
        self.figures += rows

    def document(self) -> Record:
        """The document of the x-ray, assessed afresh; `card` is what was changed in it afterwards."""
        evidence = [_item(row) for row in self.figures if row["standing"] == "cited"]
        snapshot = build(self._parts(evidence))
        shown = {"signoff": {"signatures": self.signatures}, "expires_at": None}
        return {
            "at": NOW,
            "framework": self.framework,
            "card": {**snapshot, **shown, **deepcopy(self.card)},
            "figures": [{name: row[name] for name in row if name != "expired"} for row in deepcopy(self.figures)],
        }

    def _parts(self, evidence: list[Record]) -> Parts:
        return Parts(
            number="PSC-2026-0001", version=1, title="t", subject={"slug": "atlas", "name": "Atlas"},
            checkpoint="atlas-1", framework_digest="sha256:f", document=self.framework, data_cutoff=None, replaces=None,
            authors=self.authors, applicability=self.applicability, evidence=evidence,
            assessments={key: indicate(self.framework, *key, evidence) for key in self.levels},
            determinations={
                key: Determined(level, self.reasons[key], {"id": "ada", "name": "Ada"}, self.determined_at, "sha256:0",
                                argument=self.arguments.get(key, ""))
                for key, level in self.levels.items() if level
            },
            pairs=self.pairs,
        )  # fmt: skip

    def findings(self) -> list[Finding]:
        """What the x-ray says now."""
        return examine(self.document())

    def codes(self) -> set[str]:
        """The codes of what the x-ray says now."""
        return {row.code for row in self.findings()}

    def found(self, code: str) -> Finding:
        """The one finding with a code."""
        (finding,) = [row for row in self.findings() if row.code == code]
        return finding


def _item(row: Record) -> Record:
    names = ("run", "evaluation", "stratum", "metric", "unit", "checkpoint", "mitigation", "tally", "value")
    shown = {"elicitation_adequate": row["adequate"], "form": row["form"], "dataset_digest": row["dataset"]}
    ended = {"expired": row["expired"]} if "expired" in row else {}
    return {**{name: row[name] for name in names}, **shown, "version": row["version"], **ended}
