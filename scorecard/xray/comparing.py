"""Checks of figures against each other: printed twice, before and after, model against model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from scorecard.framework.printed import WHOLE
from scorecard.xray.arithmetic import same_when_rounded, wilson_of
from scorecard.xray.case import Case, grouped
from scorecard.xray.figure import Figure, evaluation_place, shown_names
from scorecard.xray.finding import Check, Spot


def _in_text(row: Figure) -> bool:
    return row.table.lower() in ("text", "prose")


def _twice(case: Case, *, across: bool) -> Iterable[Spot]:
    """Yield pairs of one figure that no rounding makes equal; `across`: text against table, else like with like."""
    for rows in grouped(
        (row for row in case.shown if row.published and row.share is not None),
        lambda row: (row.measure, row.model, row.checkpoint),
    ).values():
        for one, other in combinations(rows, 2):
            if (_in_text(one) != _in_text(other)) is across and not same_when_rounded(one, other):
                reason = f"{one.name} is {one.text} in {one.table} and {other.text} in {other.table}."
                yield Spot(one.where, reason, (one.run, other.run), True)


def _twice_alike(case: Case) -> Iterable[Spot]:
    yield from _twice(case, across=False)


def _text_against_table(case: Case) -> Iterable[Spot]:
    yield from _twice(case, across=True)


def _mixed_units(case: Case) -> Iterable[Spot]:
    for (evaluation, metric, _), rows in grouped(
        (row for row in case.shown if row.unit in WHOLE), lambda row: (row.evaluation, row.metric, row.source)
    ).items():
        units = sorted({row.unit for row in rows})
        if len(units) > 1:
            fewest = min(([row for row in rows if row.unit == unit] for unit in units), key=len)
            reason = f"{metric} is given as {' and '.join(units)} in one evaluation: {shown_names(fewest)}."
            yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in fewest), True)


def _columns(rows: Sequence[Figure]) -> dict[tuple[str, str, str], float]:
    """Return model -> share of one row of a table; empty where the row is nearly all or nothing."""
    told = {(*row.model, row.scaffold or ""): row.share for row in rows if row.share is not None}
    return told if sum(share not in (0, 1) for share in told.values()) > 1 else {}


def _same_rows(table: Sequence[Figure]) -> Iterable[tuple[list[Figure], list[Figure]]]:
    """Yield pairs of rows of one table that agree for every model."""
    rows = list(grouped(table, lambda row: (row.evaluation, row.stratum, row.metric)).values())
    for one, other in combinations(rows, 2):
        if _columns(one) and _columns(one) == _columns(other):
            yield one, other


def _identical(case: Case) -> Iterable[Spot]:
    for table in grouped((row for row in case.shown if row.published), lambda row: (row.table, row.source)).values():
        for one, other in _same_rows(table):
            names = " and ".join(f"{row.evaluation} · {row.stratum or row.metric}" for row in (one[0], other[0]))
            reason = f"{one[0].table} prints the same {len(one)} figures for {names}."
            yield Spot(other[0].where, reason, tuple(row.run for row in (*one, *other)), True)


def _riskier(case: Case, before: Figure, after: Figure) -> bool:
    """Whether the figure after mitigation is on the risky side of the one before, as the framework reads it."""
    polarity = (case.catalogue.get(before.evaluation) or {}).get("polarity", "none")
    change = (after.share or 0.0) - (before.share or 0.0)
    return change > 0 if polarity == "higher_is_riskier" else change < 0 if polarity == "higher_is_safer" else False


def _apart(before: Figure, after: Figure) -> bool:
    first, second = wilson_of(before), wilson_of(after)
    return first is not None and second is not None and (first[0] > second[1] or second[0] > first[1])


def _both_sides(case: Case) -> Iterable[tuple[Figure, Figure]]:
    """Yield (before, after) of one measure of one model that are not equal when rounded."""
    sided = (row for row in case.shown if row.share is not None and row.mitigation != "unspecified")
    for rows in grouped(sided, lambda row: (row.measure, row.subject, row.checkpoint)).values():
        before = [row for row in rows if row.mitigation == "pre_mitigation"]
        after = [row for row in rows if row.mitigation == "post_mitigation"]
        if before and after and not same_when_rounded(before[0], after[-1]):
            yield before[0], after[-1]


def _inversions(case: Case, *, clear: bool) -> Iterable[Spot]:
    for before, after in _both_sides(case):
        if _riskier(case, before, after) and _apart(before, after) is clear:
            reason = f"{after.name} is {after.text}, riskier than {before.text} before mitigation."
            yield Spot(after.where, reason, (before.run, after.run), after.published)


def _post_riskier(case: Case) -> Iterable[Spot]:
    yield from _inversions(case, clear=True)


def _post_above(case: Case) -> Iterable[Spot]:
    yield from _inversions(case, clear=False)


def _versions(rows: Sequence[Figure]) -> list[str]:
    return sorted({row.dataset or row.version or "" for row in rows if row.dataset or row.version})


def _mixed_data(case: Case) -> Iterable[Spot]:
    for (evaluation, stratum, metric, _), rows in grouped(case.beside, lambda row: row.measure).items():
        found = _versions(rows)
        if len(found) > 1:
            reason = f"{metric} is compared across {len(found)} versions of its data: {', '.join(found)}."
            where = evaluation_place(evaluation, stratum)
            yield Spot(where, reason, tuple(row.run for row in rows))


def _baselines(case: Case) -> Iterable[Spot]:
    compared = (row for row in case.beside if row.comparator and row.share is not None)
    for rows in grouped(
        compared, lambda row: (row.measure, (row.comparator or {}).get("kind"), (row.comparator or {}).get("label"))
    ).values():
        for one, other in combinations(rows, 2):
            if not same_when_rounded(one, other):
                reason = f"The baseline of {one.name} is {one.text} in {one.source} and {other.text} in {other.source}."
                yield Spot(one.where, reason, (one.run, other.run))


def _other_n(case: Case) -> Iterable[Spot]:
    counted = (row for row in case.beside if row.n and row.unit in WHOLE)
    for (evaluation, stratum, metric, _), rows in grouped(counted, lambda row: row.measure).items():
        own, beside = ({row.n for row in rows if row.standing == kind} for kind in ("cited", "comparison"))
        if own and beside - own:
            told = f"{sorted(map(int, filter(None, beside)))} beside {sorted(map(int, filter(None, own)))}"
            where = evaluation_place(evaluation, stratum)
            yield Spot(where, f"{metric} compares figures of another n: {told}.", tuple(row.run for row in rows))


def _gaps(case: Case) -> Iterable[Spot]:
    broken_down = (row for row in case.shown if row.stratum and row.scaffold is None)
    for (evaluation, metric), rows in grouped(broken_down, lambda row: (row.evaluation, row.metric)).items():
        own, beside = ({row.stratum or "" for row in rows if row.standing == kind} for kind in ("cited", "comparison"))
        gaps = sorted(beside - own) if own else []
        if gaps:
            reason = f"Rows that other models have and this one lacks, in {metric}: {', '.join(gaps)}."
            yield Spot(evaluation_place(evaluation), reason)


CHECKS = (
    Check("printed-twice", "warning", "One figure printed with two values",
          "figures of one measure, model and side in tables and figures, beyond what rounding explains",
          "Ask which one stands; until then take the riskier.", _twice_alike),
    Check("text-against-table", "warning", "The text says another number than the table",
          "figures of one measure, model and side in running text and in a table or figure, beyond rounding",
          "Ask which one stands; until then take the riskier.", _text_against_table),
    Check("identical-rows", "notice", "Two rows with the same figures",
          "rows of one table that agree for every model, but for those that are all or nothing",
          "Ask whether one row was copied into the other.", _identical),
    Check("mixed-units", "notice", "Fractions and percentages side by side",
          "one metric of one evaluation given as a fraction here and as a percentage there",
          "Read the unit beside each figure before you compare.", _mixed_units),
    Check("post-riskier-than-pre", "warning", "Clearly riskier after mitigation",
          "the same measure before and after mitigation, with intervals that do not overlap",
          "Look for held-back capability or refusals before mitigation, or for other data.", _post_riskier),
    Check("post-above-pre", "notice", "Riskier after mitigation, within noise or without n",
          "the same measure before and after mitigation, where intervals overlap or cannot be formed",
          "Claim no effect of the mitigations on this measure.", _post_above),
    Check("mixed-data", "warning", "A comparison across versions of the data",
          "dataset digests and evaluation versions of all figures of one measure",
          "Run both on one version, or compare only what both versions hold.", _mixed_data),
    Check("baseline-moved", "warning", "A baseline with two values",
          "figures of one baseline, such as the consensus of experts, across sources",
          "Name the version of the baseline that the threshold was set against.", _baselines),
    Check("comparison-of-another-n", "warning", "A comparison of another n",
          "the n of other models' figures against that of the card's own",
          "Say so where the comparison is used, or compare on the shared samples.", _other_n),
    Check("missing-row", "warning", "A row of the breakdown is missing",
          "rows of a breakdown that other models have and the card's own model lacks",
          "Ask for the row; a gap in a breakdown is where the bad one hides.", _gaps),
)  # fmt: skip
