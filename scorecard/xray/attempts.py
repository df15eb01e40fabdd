"""Checks of what exists and is not cited: other runs, other attempts, former revisions."""

from __future__ import annotations

from collections.abc import Iterable

from scorecard.framework.findings import counts_for, percent_text, run_finding
from scorecard.xray.case import Case, Record, grouped
from scorecard.xray.figure import Figure, evaluation_place, shown_names
from scorecard.xray.finding import Check, Spot


def _uncited(case: Case) -> Iterable[Spot]:
    found = (row for row in case.figures if row.standing == "uncited")
    for evaluation, rows in grouped(found, lambda row: row.evaluation).items():
        reason = f"{len(rows)} current runs exist and are not on the card: {shown_names(rows)}."
        yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in rows))


def _attempts(case: Case) -> Iterable[list[Figure]]:
    """Yield the current measured runs of one measure, checkpoint and side, by arrival, where there are several."""
    current = (row for row in case.figures if row.standing in ("cited", "uncited") and not row.published)
    for rows in grouped(current, lambda row: (row.measure, row.model, row.checkpoint)).values():
        if len(rows) > 1:
            yield sorted(rows, key=lambda row: (row.received_at, row.run))


def _risk(case: Case, row: Figure) -> float:
    """Return the value in the direction of risk."""
    safer = (case.catalogue.get(row.evaluation) or {}).get("polarity") == "higher_is_safer"
    return -(row.share or 0.0) if safer else row.share or 0.0


def _favourable(case: Case) -> Iterable[Spot]:
    for rows in _attempts(case):
        known = [row for row in rows if row.share is not None]
        cited = [row for row in known if row.standing == "cited"]
        riskiest = max((_risk(case, row) for row in known), default=0.0)
        if cited and all(_risk(case, row) < riskiest for row in cited):
            places = ", ".join(str(rows.index(row) + 1) for row in cited)
            reason = f"{cited[0].name}: attempt {places} of {len(rows)} is cited, and a riskier one is not."
            yield Spot(cited[0].where, reason, tuple(row.run for row in rows))


def _several(case: Case) -> Iterable[Spot]:
    for rows in _attempts(case):
        if all(row.standing == "cited" for row in rows):
            told = ", ".join("no value" if row.share is None else percent_text(row.share) for row in rows)
            reason = f"{rows[0].name} was run {len(rows)} times ({told}); the riskiest finding counts."
            yield Spot(rows[0].where, reason, tuple(row.run for row in rows))


def _item(row: Figure) -> Record:
    return {
        "evaluation": row.evaluation, "stratum": row.stratum, "metric": row.metric, "mitigation": row.mitigation,
        "unit": row.unit, "tally": row.tally, "elicitation_adequate": row.adequate,
    }  # fmt: skip


def _changed(case: Case, former: Figure, now: Figure) -> Iterable[Spot]:
    policy = case.framework["policy"]
    for indicator in case.framework["indicators"]:
        pair = [_item(former), _item(now)]
        if not all(counts_for(indicator, item["mitigation"], item) for item in pair):
            continue
        before, after = (run_finding(indicator, item, policy)[0] for item in pair)
        if before != after:
            reason = f"{now.name}: revision {former.revision} said {before.replace('_', ' ')} on {indicator['id']}, " \
                     f"revision {now.revision} says {after.replace('_', ' ')}."  # fmt: skip
            yield Spot(f"/framework/indicators/{indicator['id']}", reason, (former.run, now.run))


def _revisions(case: Case) -> Iterable[Spot]:
    natives = grouped((row for row in case.figures if row.standing == "superseded"), lambda row: row.native)
    for now in case.cited:
        for former in natives.get(now.native, ()):
            if former.revision < now.revision and former.checkpoint == now.checkpoint:
                yield from _changed(case, former, now)


def _planned(case: Case) -> Iterable[tuple[Record, Spot]]:
    for row in (case.card.get("plan") or {"rows": []})["rows"]:
        name = ", ".join(str(row[part]) for part in ("evaluation", "stratum", "mitigation") if row[part])
        words = "; ".join(dict.fromkeys(said for run in row["runs"] for said in run["deviations"]))
        yield row, Spot(evaluation_place(row["evaluation"]), f"{name}: {words or 'no run of it is cited'}.")


def _not_done(case: Case) -> Iterable[Spot]:
    yield from (spot for row, spot in _planned(case) if row["state"] == "not_done")


def _deviating(case: Case) -> Iterable[Spot]:
    yield from (spot for row, spot in _planned(case) if row["state"] == "deviates")


def _unplanned(case: Case) -> Iterable[Spot]:
    runs = (case.card.get("plan") or {"unplanned": []})["unplanned"]
    if runs:
        yield Spot("/plan", f"{len(runs)} cited runs of evaluations that decide were in no plan.", tuple(runs))


CHECKS = (
    Check("run-not-cited", "warning", "Runs exist that the card does not cite",
          "current runs of the card's checkpoints that its snapshot does not hold",
          "Open a new version, which takes them in, or say in the rationale why they do not count.", _uncited),
    Check("favourable-attempt", "warning", "The more favourable attempt is cited",
          "all attempts that the server received at one measure, against the cited ones",
          "Open a new version, in which the riskiest attempt counts.", _favourable),
    Check("planned-not-done", "warning", "Planned and not done",
          "the measurements of the evaluation plan that was locked, against the cited runs",
          "Run it, or lock an amended plan that says why it is left out.", _not_done),
    Check("plan-deviation", "warning", "Done otherwise than planned",
          "cited runs against the plan: when it was locked, dataset, version, samples, elicitation",
          "Run it as planned, or lock an amended plan before the next run.", _deviating),
    Check("run-unplanned", "notice", "Not planned",
          "cited runs of evaluations that carry a threshold, against the evaluation plan",
          "Lock a plan that names the measurement before it is run again.", _unplanned),
    Check("several-attempts", "notice", "Run several times",
          "measures with several current runs, all of them cited",
          "Say in the rationale why it was run again.", _several),
    Check("revision-changed-finding", "warning", "A revision changed a finding",
          "superseded revisions against the cited one, at every indicator that reads them",
          "Say in the rationale what was wrong with the former revision.", _revisions),
)  # fmt: skip
