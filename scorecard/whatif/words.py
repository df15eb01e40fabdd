"""What would change the verdict, in sentences that a risk manager reads without a glossary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from scorecard.framework.derivation import indicator_title, level_names
from scorecard.framework.findings import percent_text
from scorecard.framework.reading import joined
from scorecard.whatif.answering import Answer
from scorecard.whatif.flipping import CHANGES, MOST_RUNS, Flips, LevelFlip
from scorecard.whatif.removing import Removals, Which
from scorecard.whatif.sampling import Further
from scorecard.whatif.standing import Case, Verdict
from scorecard.whatif.varying import NOT_RESCALED, ThresholdTurn

MOST_SETS = 5
WHICH: tuple[Which, Which] = ("indicated", "reached")
APART = {True: "their intervals do not touch", False: "their intervals overlap", None: "not both have an interval"}
METHODS = {"wilson": "Wilson", "clopper_pearson": "Clopper-Pearson"}


class Words:
    """The sentences of one answer."""

    def __init__(self, case: Case, answer: Answer) -> None:
        self.case, self.answer = case, answer
        self.names = level_names(case.document)
        self.order = list(self.names)
        self.rows = {row["id"]: row for row in case.rows}
        self.titles = run_titles(case)

    def moves(self, which: Which, before: str | None, after: str | None) -> str:
        """Say how a level changes: `the indicated level falls from High to Medium`."""
        if after is None:
            return "no evidence is left: nothing is indicated, and every gate denies"
        if before is None:
            return f"the {which} level becomes {self.names[after]}"
        falls = self.order.index(after) < self.order.index(before)
        return f"the {which} level {'falls' if falls else 'rises'} from {self.names[before]} to {self.names[after]}"

    def becomes(self, then: Verdict) -> str:
        """Say how both levels change under another verdict; empty where neither does."""
        now = self.answer.verdict
        if then.indicated is None and now.indicated is not None:
            return self.moves("indicated", now.indicated, None)
        before, after = asdict(now), asdict(then)
        moved = [self.moves(which, before[which], after[which]) for which in WHICH if before[which] != after[which]]
        return joined(moved)

    def removals(self) -> Iterator[str]:
        """Say without which runs the levels change."""
        found = self.answer.removals_indicated
        yield from self._removals("indicated", found)
        if self.answer.removals_reached != found or self.answer.verdict.indicated != self.answer.verdict.reached:
            yield from self._removals("reached", self.answer.removals_reached)

    def _removals(self, which: Which, found: Removals) -> Iterator[str]:
        before = getattr(self.answer.verdict, which)
        for one in found.sets[:MOST_SETS]:
            named, moves = joined([self.titles[run] for run in one.runs]), self.moves(which, before, one.level)
            yield f"Without {named}{' together' if len(one.runs) > 1 else ''}, {moves}."
        if len(found.sets) > MOST_SETS:
            yield f"So it is with {len(found.sets) - MOST_SETS} further sets of {found.size}."
        if found.size is not None and found.size > 1:
            yield f"No smaller set of runs changes the {which} level."
        if found.more_than is not None:
            yield f"No set of up to {found.more_than} runs changes the {which} level; more were not tried."
        elif found.size is None and self.answer.runs:
            yield f"No removal of runs changes the {which} level."

    def _count(self, flips: Flips, count: int) -> str:
        rows = [self.rows[one.indicator] for one in flips.findings]
        solves = "solve" if all(row["direction"] == "at_or_above" for row in rows) else "success"
        many = solves if count == 1 else f"{solves}s" if solves == "solve" else f"{solves}es"
        return {
            "failure_to_success": f"{count} more {many}, of {flips.room} failures,",
            "success_to_failure": f"{count} {many} fewer, of {flips.room},",
            "missing_to_success": f"{count} of the {flips.room} missing samples, had they been solved,",
            "missing_to_failure": f"{count} of the {flips.room} missing samples, had they failed,",
        }[flips.change]

    def flips(self) -> Iterator[str]:
        """Say, for each kind of flip, how few samples would change a level, and in which run."""
        for change in CHANGES:
            for which in WHICH:
                known: list[tuple[int, str, Flips, LevelFlip]] = [
                    (flip.count, flips.run, flips, flip)
                    for flips in self.answer.flips
                    if flips.change == change and (flip := getattr(flips, which)) is not None
                ]
                if known:
                    count, run, flips, flip = min(known, key=lambda one: one[:2])
                    moves = self.moves(which, getattr(self.answer.verdict, which), flip.level)
                    yield f"{self.titles[run]}: with {self._count(flips, count)} {moves}."

    def left_out(self) -> Iterator[str]:
        """Say that runs were not asked, where there are too many."""
        if (more := len(self.answer.runs) - MOST_RUNS) > 0:
            yield f"Asked of the {MOST_RUNS} runs with the findings of highest risk; {more} more were not."

    def _goal(self, one: Further) -> str:
        level = self.names[self.rows[one.indicator]["level"]]
        return f"rule {level} out" if one.finding == "ruled_out" else f"reach {level}"

    def further_samples(self) -> Iterator[str]:
        """Say what further samples at the present rate would decide."""
        for one in self.answer.further_samples:
            title, rate = self.titles[one.run], f"this rate of {percent_text(one.rate)}"
            level = self.names[self.rows[one.indicator]["level"]]
            if one.count is not None and one.verdict is not None:
                then = self.becomes(one.verdict)
                many = f"{one.count:,} further sample{'' if one.count == 1 else 's'} at {rate}"
                yield f"{title}: {many} would {self._goal(one)}{f'; {then}' if then else ', and no level changes'}."
            elif one.more_than is not None:
                yield f"{title}: it takes more than {one.more_than:,} further samples at {rate} to {self._goal(one)}."
            else:
                yield f"{title}: no number of further samples decides {level}, because {one.why_never}."

    def _not_run(self, turn: ThresholdTurn, title: str, level: str) -> str:
        ruled_out, reached = (self.becomes(then) or "no level changes" for then in (turn.if_ruled_out, turn.if_reached))
        return (
            f"{title} was not run on this side of the mitigations: if it ruled {level} out, {ruled_out}; if it reached "
            f"{level}, {reached}."
        )

    def _threshold(self, turn: ThresholdTurn) -> str:
        row = self.rows[turn.indicator]
        title, level = indicator_title(self.case.document, row), self.names[row["level"]]
        if not row["runs"]:
            return self._not_run(turn, title, level)
        less, more = ("or more", "below") if turn.direction == "at_or_below" else ("or less", "above")
        known = []
        if turn.reached_at is not None:
            known.append(f"reached with a threshold of {percent_text(turn.reached_at)} {less}")
        if turn.ruled_out_past is not None:
            known.append(f"ruled out with one {more} {percent_text(turn.ruled_out_past)}")
        else:
            known.append(f"ruled out with none, because {turn.why_never}")
        return f"{title}: {level} would be {joined(known)}; the threshold is {percent_text(turn.threshold)}."

    def thresholds(self) -> Iterator[str]:
        """Say where each threshold would have to stand for its finding to turn."""
        return (self._threshold(turn) for turn in self.answer.thresholds)

    def variants(self) -> Iterator[str]:
        """Say what another bound, confidence, coverage minimum or declaration of elicitation would change."""
        if not self.answer.runs:
            return
        unchanged = []
        for condition, verdict in self._conditions():
            if moves := self.becomes(verdict):
                yield f"{condition[:1].upper()}{condition[1:]}, {moves}."
            else:
                unchanged.append(condition)
        if unchanged:
            yield f"No level changes {joined(unchanged)}."
        if None in self.answer.confidences.values():
            yield f"Another confidence is not computed: {NOT_RESCALED}."

    def _conditions(self) -> Iterator[tuple[str, Verdict]]:
        answer, policy = self.answer, self.case.document["policy"]
        for interval, verdict in answer.bounds.items():
            if interval != policy["interval"] or self.becomes(verdict):
                yield f"if every interval were {METHODS[interval]}'s", verdict
        for confidence, found in answer.confidences.items():
            if found is not None and confidence != 0.95:
                yield f"at {confidence:.0%} confidence".replace("%", " %"), found
        if many := len(answer.undeclared):
            runs = f"{many} run{'s' if many > 1 else ''}"
            yield f"if the elicitation of the {runs} not declared adequate were", answer.if_declared
        if many < len(answer.runs):
            yield "if no elicitation were declared adequate", answer.if_not_declared
        minimum = policy["coverage_minimum"]
        for step in answer.coverage:
            if not step.above < minimum <= step.up_to and self.becomes(step.verdict):
                span = f"above {percent_text(step.above)} up to {percent_text(step.up_to)}"
                yield f"with a coverage minimum {span} instead of {percent_text(minimum)}", step.verdict

    def gaps(self) -> Iterator[str]:
        """Say what the better elicitation of each pair of runs adds."""
        for gap in self.answer.elicitation_gaps:
            row = {"evaluation": gap.evaluation, "stratum": gap.stratum}
            differs = joined([name.replace("_", " ") for name in gap.differs_in])
            found = f"{gap.higher.metric} {percent_text(gap.higher.point)} against {gap.lower.metric}"
            yield (
                f"{indicator_title(self.case.document, row)}: another elicitation ({differs}) adds "
                f"{100.0 * gap.adds:.1f} points, {found} {percent_text(gap.lower.point)}; {APART[gap.apart]}."
            )

    def baselines(self) -> Iterator[str]:
        """Say what each known baseline would give as a threshold."""
        unchanged = []
        for one in self.answer.baselines:
            title = indicator_title(self.case.document, self.rows[one.indicator])
            stood = f"if the threshold of {title} stood at {percent_text(one.value)} ({one.label})"
            if moves := self.becomes(one.verdict):
                yield f"{stood[:1].upper()}{stood[1:]} instead of {percent_text(one.threshold)}, {moves}."
            else:
                unchanged.append(f"at {percent_text(one.value)} for {title} ({one.label})")
        if unchanged:
            yield f"No level changes with a threshold {joined(list(dict.fromkeys(unchanged)))}."


def run_titles(case: Case) -> dict[str, str]:
    """Return run -> how it is called: its evaluation, and the end of its id where another run is called so too."""
    named = {item["run"]: indicator_title(case.document, item) for item in case.evidence}
    every: list[Any] = list(named.values())
    return {
        run: title if every.count(title) == 1 else f"{title} (run …{run[-6:]})" for run, title in named.items()
    }  # fmt: skip


def sentences(case: Case, answer: Answer) -> dict[str, list[str]]:
    """Return the sentences of an answer by what they are about."""
    words = Words(case, answer)
    return {
        "removals": list(dict.fromkeys(words.removals())),
        "flips": [*words.flips(), *words.left_out()],
        "further_samples": [*words.further_samples(), *words.left_out()],
        "thresholds": list(words.thresholds()),
        "variants": list(words.variants()),
        "elicitation_gaps": list(words.gaps()),
        "baselines": list(dict.fromkeys(words.baselines())),
    }
