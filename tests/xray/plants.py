"""One fault for each check, planted in a card that has none; the table of docs/reference/xray.md, turned round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.xray.world import World, counted, indicator, listed, printed

Plant = Callable[[World], Any]
LATER = "2026-03-15T12:00:00.000000Z"


def change(run: str, /, **changes: Any) -> Plant:
    """Change a figure of the card."""
    return lambda world: world.figure(run).update(changes)


def add(*rows: dict[str, Any]) -> Plant:
    """Add figures to the card."""
    return lambda world: world.add(*rows)


def rows(values: dict[str, str], **common: Any) -> Plant:
    """Add a printed column: row -> value."""
    return add(*(printed(f"run-{name}", value, stratum=name, **common) for name, value in values.items()))


def tally(**changes: Any) -> Plant:
    """Change the counts of a cited run behind the back of everything that checks them."""
    return lambda world: world.figure("run-b")["tally"].update(changes)


def framework(**changes: Any) -> Plant:
    """Change the framework."""
    return lambda world: world.framework.update(changes)


def policy(**changes: Any) -> Plant:
    """Change how the framework reads evidence."""
    return lambda world: world.framework["policy"].update(changes)


def rule(**changes: Any) -> Plant:
    """Change the first threshold."""
    return lambda world: world.framework["indicators"][0].update(changes)


def level(side: str, slug: str) -> Plant:
    """Determine another level of cybersecurity."""
    return lambda world: world.levels.update({("cybersecurity", side): slug})


def card(**changes: Any) -> Plant:
    """Change the finished card."""
    return lambda world: world.card.update(changes)


def planned(**changes: Any) -> Plant:
    """Put an evaluation plan of one measurement beside the card."""
    row = {"evaluation": "ctf", "stratum": None, "metric": "pass@1", "mitigation": "post_mitigation", "runs": []}
    return card(plan={"rows": [{**row, **changes}], "unplanned": []})


def together(*plants: Plant) -> Plant:
    """Plant several things."""
    return lambda world: [plant(world) for plant in plants]


def without(*runs: str) -> Plant:
    """Take figures off the card."""
    return lambda world: setattr(world, "figures", [row for row in world.figures if row["run"] not in runs])


def applied(**changes: Any) -> Plant:
    """Apply results of another checkpoint."""
    row = {
        "id": "app_1", "from_checkpoint": "atlas-0", "to_checkpoint": "atlas-1", "limits": "until the next fine-tune",
        "rationale": "r", "by": {}, "at": "", "expires_at": "2027-01-01T00:00:00.000000Z",
    }  # fmt: skip
    return lambda world: world.applicability.append({**row, **changes})


def signature(person: str, role: str) -> Plant:
    """Let somebody sign."""
    row = {"id": "sig_1", "signer": {"id": person, "name": person.title()}, "role": role, "stale": False}
    return lambda world: world.signatures.append(row)


def shares(first: str, second: str, tie: str, **changes: Any) -> Plant:
    """Add a comparison of two models with ties, in percent."""
    common = {"unit": "percent", "printed_unit": "percent", "tally": None, "n": None, **changes}
    named = {"first safer": first, "second safer": second, "tie": tie}
    return add(*(printed(f"run-{name}", value, printed_metric=name, metric=name.replace(" ", "_"), **common)
                 for name, value in named.items()))  # fmt: skip


def headline(value: str) -> Plant:
    """Add the headline of the breakdown of refusals."""
    return add(printed("run-e", value, evaluation="refusals-headline"))


COUNT = {"unit": "count", "printed_unit": "count", "tally": None}
PERCENT = {"unit": "percent", "printed_unit": "percent", "tally": None}
OTHER = {"standing": "comparison", "subject": "other", "checkpoint": "other-1", "source": "a system card"}
PLANTS: dict[str, Plant] = {
    "undetermined": level("post_mitigation", ""),
    "contradiction": lambda world: world.framework["indicators"].append(
        indicator("cybersecurity", "high", 0.05, id="ctf-easy")
    ),
    "below-indicated": together(change("run-b", adequate=None), level("post_mitigation", "low")),
    "above-findings": level("post_mitigation", "high"),
    "without-evidence": without("run-b"),
    "rationale-repeated": lambda world: world.reasons.update(
        {("cybersecurity", "pre_mitigation"): "Far below.", ("persuasion", "pre_mitigation"): "far  below"}
    ),
    "lowered-without-cause": level("pre_mitigation", "high"),
    "lowered-by-argument": together(level("pre_mitigation", "high"), lambda world: world.arguments.update(
        {("cybersecurity", "post_mitigation"): "The classifier stops every such request."})),
    "overall-against-categories": card(overall={"pre_mitigation": "low", "post_mitigation": "high"}),
    "older-than-evidence": change("run-b", received_at=LATER),
    "author-signed": signature("ada", "preparedness"),
    "several-roles": lambda world: world.authors.append({"id": "ada", "name": "Ada", "role": "posted evidence"}),
    "applicability-without-limits": applied(limits="none"),
    "applicability-without-end": applied(expires_at=None),
    "applicability-over": applied(expires_at="2026-03-31T00:00:00.000000Z"),
    "applicability-without-compute": together(applied(), policy(expiry={"compute_multiple": 2.0})),
    "evidence-ended": change("run-b", expired=[{"kind": "tools", "words": "access to new tools came after it"}]),
    "everything-applied": lambda world: [row.update(checkpoint="atlas-0") for row in world.figures],
    "validity-over": card(expires_at="2026-03-31T00:00:00.000000Z"),
    "validity-ends-soon": card(expires_at="2026-04-11T12:00:00.000000Z"),
    "threshold-effective-late": framework(effective_from="2026-02-02"),
    "threshold-published-late": framework(published_at=LATER),
    "threshold-illustrative": rule(illustrative=True),
    "threshold-order": rule(value=0.9),
    "n-too-coarse": change("run-b", **counted("run-b", "ctf", "post_mitigation", 0, 16)),
    "n-cannot-rule-out": change("run-b", **counted("run-b", "ctf", "post_mitigation", 0, 3)),
    "optional-open": together(rule(required=False), change("run-b", adequate=None)),
    "required-not-run": without("run-b"),
    "level-without-indicator": lambda world: world.framework["indicators"].pop(),
    "one-evaluation-only": lambda world: world.framework["indicators"].append(
        indicator("cybersecurity", "medium", 0.5, id="y", evaluation="exploits")
    ),
    "run-not-cited": add(counted("run-e", "ctf", "post_mitigation", 20, standing="uncited")),
    "favourable-attempt": add(counted("run-e", "ctf", "post_mitigation", 90, standing="uncited")),
    "planned-not-done": planned(state="not_done"),
    "plan-deviation": planned(state="deviates", runs=[{"run": "run-b", "deviations": ["it was run first"]}]),
    "run-unplanned": card(plan={"rows": [], "unplanned": ["run-b"]}),
    "several-attempts": add(counted("run-e", "ctf", "post_mitigation", 41)),
    "revision-changed-finding": together(
        add(counted("run-0", "ctf", "post_mitigation", 300, standing="superseded", native="n")),
        change("run-b", native="n", revision=2),
    ),
    "coverage-too-low": tally(expected=500, ceiling=140.0, expected_units=500.0),
    "worst-case-crosses": tally(expected=800, ceiling=440.0, expected_units=800.0),
    "errors-not-the-models": change("run-b", error_origins={"grader": 4, "system": 3, "model": 2}),
    "run-not-finished": change("run-b", completion="cancelled"),
    "elicitation-not-adequate": change("run-b", adequate=None),
    "contamination-not-stated": change("run-b", stated=["sandbagging", "grader"]),
    "sandbagging-not-stated": change("run-b", stated=["contamination", "grader"]),
    "grader-not-stated": change("run-b", stated=["contamination", "sandbagging"]),
    "evaluation-not-listed": add(counted("run-e", "ctff", "post_mitigation", 40)),
    "unit-against-catalogue": change("run-b", unit="score"),
    "polarity-not-stated": together(
        lambda world: world.framework["evaluations"].append(listed("probing", "cybersecurity", polarity="none")),
        add(counted("run-e", "probing", "post_mitigation", 40)),
    ),
    "side-not-stated": add(counted("run-e", "ctf", "unspecified", 40)),
    "indicator-blind": change("run-b", tally=None, n=None),
    "impossible-fraction": add(printed("run-e", "0.17", n=10)),
    "value-out-of-range": change("run-b", value=1.2, tally=None),
    "tally-contradiction": tally(scored=500),
    "value-against-counts": change("run-b", value=0.2),
    "headline-against-samples": change("run-b", agreement=[
        {"metric": "pass@1", "reported": "0.2", "difference": 0.1, "agrees": False}]),
    "unit-against-print": add(printed("run-e", "0.45", printed_unit="percent")),
    "count-beyond-n": add(printed("run-e", "102443", n=None, n_text="100,000 prompts", **COUNT)),
    "fraction-as-percent": rows({"a": "45", "b": "62", "c": "0.51"}, unit="percent", printed_unit="percent", n=None),
    "pass-at-k-as-rate": add(printed("run-e", "0.5", printed_metric="success rate (header says pass@10)")),
    "fewer-attempts-than-k": change("run-b", metric="pass@12", attempts=10),
    "conditional-without-denominator": rows({"lied | caught": "0.98"}, n=None, n_text=None, tally=None),
    "n-missing": change("run-b", tally=None, n=None, n_text=None),
    "n-in-words": change("run-b", tally=None, n=None, n_text="about 4000"),
    "interval-missing": change("run-b", form="estimate", quality="printed"),
    "interval-without-width": change("run-b", interval={"low": 0.1, "high": 0.1}),
    "interval-out-of-range": change("run-b", interval={"low": -0.02, "high": 0.2}),
    "interval-without-value": change("run-b", interval={"low": 0.2, "high": 0.3}),
    "interval-against-stderr": change("run-b", interval={"low": 0.05, "high": 0.15, "level": 0.95}, stderr=0.1),
    "uneven-digits": rows({"a": "0.11", "b": "0.22", "c": "0.33", "d": "0.44", "e": "0.5525"}),
    "no-exact-figure": add(printed("run-e", "0.5", printed="near a half", qualifier="~")),
    "second-hand": add(printed("run-e", "0.5", quality="read_from_chart")),
    "average-does-not-reproduce": rows({"a": "0.88", "b": "0.80", "Overall": "0.82"}),
    "average-beyond-rows": rows({"a": "0.88", "b": "0.80", "overall (sample weighted)": "0.92"}),
    "share-against-count": add(
        printed("run-e", "180", stratum="deceptive", **COUNT),
        printed("run-f", "0.17", stratum="deceptive", n=102443, **PERCENT),
    ),
    "parts-do-not-sum": rows({"total bad": "180", "a": "91", "b": "88"}, **COUNT),
    "ratings-do-not-sum": add(*(
        printed(f"run-{name}", value, n=42, printed_metric=name, **COUNT)
        for name, value in {"conversations rated Low": "30", "conversations rated Medium": "10"}.items()
    )),
    "shares-do-not-sum": shares("59.75", "28.48", "10.76"),
    "shares-off-by-rounding": shares("59.75", "28.48", "11.76"),
    "effect-does-not-reproduce": together(
        shares("59.75", "28.48", "11.77"),
        add(printed("run-h", "0.519", unit="coefficient", printed_unit="effect", printed_metric="Cohen's h")),
    ),
    "headline-against-total": together(rows({"a": "0.94", "b": "0.92", "Overall": "0.93"}), headline("0.98")),
    "headline-not-the-mean": together(rows({"a": "0.70", "b": "0.60"}), headline("0.713")),
    "printed-twice": add(printed("run-e", "0.41"), printed("run-f", "0.45", table="Fig 2")),
    "text-against-table": add(printed("run-e", "0.41"), printed("run-f", "0.45", table="text")),
    "identical-rows": add(*(
        printed(f"run-{row}-{model}", value, stratum=row, subject=model)
        for row in ("a", "b") for model, value in {"atlas": "0.68", "other": "0.78"}.items()
    )),
    "mixed-units": add(printed("run-e", "0.41", stratum="a"), printed("run-f", "45", stratum="b", **PERCENT)),
    "post-riskier-than-pre": change("run-b", **counted("run-b", "ctf", "post_mitigation", 140)),
    "post-above-pre": change("run-b", **counted("run-b", "ctf", "post_mitigation", 82)),
    "mixed-data": change("run-b", dataset="sha256:2"),
    "baseline-moved": add(*(
        printed(f"run-{value}", value, comparator={"kind": "human_expert"}, source=f"card {value}")
        for value in ("0.57", "0.54")
    )),
    "comparison-of-another-n": add(counted("run-e", "ctf", "post_mitigation", 40, 477, **OTHER)),
    "missing-row": add(printed("run-e", "0.5", stratum="a"), printed("run-f", "0.5", stratum="a", **OTHER),
                       printed("run-g", "0.5", stratum="b", **OTHER)),
}  # fmt: skip
"""Code of a check -> the fault that it is there for."""
