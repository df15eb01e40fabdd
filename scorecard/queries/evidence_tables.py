"""Evidence tables: every figure of an evaluation in a cell of its own row and column, and none over another."""

from __future__ import annotations

from typing import Any

from evaluations.estimates.reported import shown_facts
from evaluations.models import EvaluationRun
from scorecard.framework.printed import metric_words, printed_value, row_words, unit_words, without_whole_count

Record = dict[str, Any]
SIDE_WORDS = {"pre_mitigation": ", pre", "post_mitigation": ", post"}
QUALITY_WORDS = {"read_from_chart": "read from a chart", "derived": "derived", "third_party": "by a third party"}


def evidence_table(slug: str, entry: Record | None, runs: list[EvaluationRun]) -> Record:
    """Return the table of one evaluation: `{evaluation, title, role, category, summary, columns, rows, sources}`.

    A row is one measure under one set-up, in the words of its source: `{label, metric, unit, scaffold, cells}`; a
    column is one model on one side of the mitigations. A cell is a list, because a source may print a figure twice.
    """
    title = entry["title"] if entry else runs[0].evaluation.title
    rows: dict[tuple[str, ...], dict[str, list[Record]]] = {}
    columns: dict[str, None] = {}
    for run in sorted(runs, key=_order):
        facts = {"stratum": run.stratum, "metric": run.metric, "unit": run.unit, **shown_facts(run.report)}
        key = (row_words(facts, title), metric_words(facts), unit_words(facts), facts["scaffold"] or "")
        column = _column(run)
        columns[column] = None
        rows.setdefault(key, {}).setdefault(column, []).append(_figure(run, facts))
    return {
        "evaluation": slug,
        "title": title,
        "role": entry["role"] if entry else "unlisted",
        "category": entry["category"] if entry else None,
        "summary": entry["summary"] if entry else "",
        "columns": list(columns),
        "rows": [_row(key, cells, list(columns)) for key, cells in rows.items()],
        "sources": list(dict.fromkeys(run.report["provenance"]["source"] for run in runs)),
    }


def _order(run: EvaluationRun) -> tuple[bool, str, bool, str]:
    scaffold = (run.report.get("elicitation") or {}).get("scaffold")
    return run.checkpoint.subject.kind == "comparison", run.stratum, scaffold is not None, run.id


def _column(run: EvaluationRun) -> str:
    comparison = run.checkpoint.subject.kind == "comparison"
    name = run.checkpoint.subject.name if comparison else run.checkpoint.name
    # A comparison model is printed for what it is; that nobody states its mitigations says nothing about it.
    unstated = "" if comparison else ", mitigation not stated"
    return name + SIDE_WORDS.get(run.mitigation, unstated)


def _row(key: tuple[str, ...], cells: dict[str, list[Record]], columns: list[str]) -> Record:
    label, metric, unit, scaffold = key
    return {
        "label": label,
        "metric": metric,
        "unit": unit,
        "scaffold": scaffold,
        "cells": [cells.get(column, []) for column in columns],
    }


def _figure(run: EvaluationRun, facts: Record) -> Record:
    report = run.report
    if run.form == "estimate":
        estimate = report["estimate"]
        qualifier = "" if estimate.get("qualifier", "=") == "=" else f"{estimate['qualifier']} "
        text = printed_value(facts) or f"{qualifier}{estimate['value']}"
        n = estimate.get("trials") or estimate.get("trials_text")
        doubt = without_whole_count(text, run.unit, estimate.get("trials"))
    elif run.form == "tally":
        text, doubt, n = f"{report['tally']['successes']} of {report['tally']['trials']}", "", report["tally"]["trials"]
    else:
        text, doubt, n = f"{run.sample_count} samples", "", run.sample_count
    return {
        "text": text,
        "n": str(n) if n else "",
        "run": run.id,
        "quality": QUALITY_WORDS.get(report["provenance"].get("quality") or "", ""),
        "doubt": doubt,
    }
