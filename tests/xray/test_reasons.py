"""What findings say, and where rightly nothing is said: rounding, repeats, padding, noise."""

from __future__ import annotations

import pytest

from scorecard.xray.examining import examine
from tests.xray.plants import COUNT, OTHER, PERCENT, PLANTS, add, applied, change, headline, rows, shares, signature
from tests.xray.world import World, counted, printed


def planted(code: str) -> World:
    world = World()
    PLANTS[code](world)
    return world


def test_an_impossible_fraction_names_the_n_and_the_repeats_that_would_give_it() -> None:
    world = World()
    world.add(printed("run-e", "57.3", n=25, metric="cons@16", attempts=16, **PERCENT))
    assert "no whole number of 25 gives 57.3; it fits if 3 repeats" in world.found("impossible-fraction").reason


def test_a_mean_over_attempts_counts_every_attempt_and_attempts_that_are_the_n_only_once() -> None:
    world = World()
    world.add(printed("run-e", "41.3", n=500, metric="pass@1", attempts=5, **PERCENT))
    assert "impossible-fraction" not in world.codes()
    world.add(printed("run-f", "17", n=10, metric="success_rate", attempts=10, **PERCENT))
    assert "the smallest n that gives it is 6" in world.found("impossible-fraction").reason


@pytest.mark.parametrize("value", ["0.1", "0.10", "0.100"])
def test_a_figure_that_fits_its_n_is_no_finding(value: str) -> None:
    world = World()
    world.add(printed("run-e", value, n=10, tally=None))
    assert "impossible-fraction" not in world.codes()


def test_a_fault_of_our_own_record_is_an_error_and_of_a_publication_a_warning() -> None:
    interval = {"low": 0.2, "high": 0.3}
    world = World()
    change("run-b", interval=interval)(world)
    assert world.found("interval-without-value").severity == "error"
    world = World()
    world.add(printed("run-e", "0.5", interval=interval))
    assert world.found("interval-without-value").severity == "warning"


def test_one_misprinted_row_of_an_average_is_found_and_the_right_one_is_not() -> None:
    # The web copy of the o1 card prints 0.70 for the age coefficient; only 0.07 gives the printed average.
    common = {"unit": "coefficient", "printed_unit": "normalised coefficient", "tally": None}
    for age, found in (("0.70", True), ("0.07", False)):
        world = World()
        rows({"gender": "0.29", "race": "0.24", "age": age, "overall average": "0.20"}, **common)(world)
        assert ("average-does-not-reproduce" in world.codes()) is found


def test_averages_that_rounding_or_weights_explain_are_no_finding() -> None:
    for values in (
        {"a": "0.985", "b": "0.906", "Overall": "0.945"},
        {"a": "1.0", "b": "0.992", "c": "0.986", "overall (sample weighted)": "0.991"},
    ):
        world = World()
        rows(values)(world)
        assert not world.codes() & {"average-does-not-reproduce", "average-beyond-rows"}


def test_a_share_that_was_cut_off_is_told_what_it_rounds_to() -> None:
    assert (
        planted("share-against-count")
        .found("share-against-count")
        .reason.endswith("is printed as 0.17; 180 of 102443 is 0.1757, so 0.18.")
    )


def test_shares_and_effects_that_reproduce_are_no_finding() -> None:
    world = World()
    shares("60", "20", "20")(world)
    world.add(printed("run-h", "0.412", unit="coefficient", printed_unit="effect", printed_metric="Cohen's h"))
    assert not world.codes() & {"shares-do-not-sum", "shares-off-by-rounding", "effect-does-not-reproduce"}


def test_one_number_rounded_twice_is_not_two_numbers() -> None:
    world = World()
    add(printed("run-e", "0.409"), printed("run-f", "41", table="text", **PERCENT))(world)
    assert not world.codes() & {"printed-twice", "text-against-table"}


def test_a_headline_is_compared_with_the_overall_row_where_there_is_one() -> None:
    world = World()
    rows({"a": "0.94", "b": "0.92", "Overall": "0.928"})(world)
    headline("0.93")(world)
    assert not world.codes() & {"headline-against-total", "headline-not-the-mean"}


def test_riskier_is_read_as_the_framework_reads_it() -> None:
    world = World()
    add(
        counted("run-e", "refusals", "pre_mitigation", 300), counted("run-f", "refusals", "post_mitigation", 390)
    )(world)  # fmt: skip
    assert "post-riskier-than-pre" not in world.codes()
    world = World()
    add(
        counted("run-e", "refusals", "pre_mitigation", 390), counted("run-f", "refusals", "post_mitigation", 300)
    )(world)  # fmt: skip
    assert world.found("post-riskier-than-pre").runs == ("run-e", "run-f")


def test_the_place_of_the_cited_attempt_among_all_is_told() -> None:
    assert (
        "attempt 1 of 2 is cited, and a riskier one is not"
        in planted("favourable-attempt").found("favourable-attempt").reason
    )
    world = World()
    add(counted("run-e", "ctf", "post_mitigation", 20, standing="uncited"))(world)
    assert "favourable-attempt" not in world.codes()


def test_a_revision_says_what_it_changed_at_which_threshold() -> None:
    found = planted("revision-changed-finding").found("revision-changed-finding")
    assert found.where == "/framework/indicators/ctf-medium"
    assert "revision 1 said reached on ctf-medium, revision 2 says ruled out" in found.reason


def test_a_level_lowered_by_a_measured_fall_is_no_finding() -> None:
    world = World()
    change("run-a", **{**counted("run-a", "ctf", "pre_mitigation", 240), "form": "samples"})(world)
    change("run-b", form="samples")(world)
    world.levels["cybersecurity", "pre_mitigation"] = "medium"
    assert "lowered-without-cause" in world.codes()
    fall = {"n": 400, "n_eff": 400, "both": 40.0, "first_only": 200.0, "second_only": 0.0, "neither": 160.0}
    world.pairs["run-a", "run-b", False] = fall
    assert not world.codes() & {"lowered-without-cause", "lowered-by-argument"}
    world.pairs["run-a", "run-b", False] = {**fall, "first_only": 100.0, "second_only": 100.0}
    assert "interval -" in world.found("lowered-without-cause").reason


def test_an_overall_level_that_is_no_maximum_is_not_held_against_one() -> None:
    world = planted("overall-against-categories")
    assert world.found("overall-against-categories").severity == "error"
    document = world.document()
    document["framework"] = {**document["framework"], "overall": "none"}
    assert "overall-against-categories" not in {row.code for row in examine(document)}


def test_people_who_only_signed_are_no_finding() -> None:
    world = World()
    signature("bo", "leadership")(world)
    applied()(world)
    assert world.codes() == set()


def test_other_models_of_publications_that_the_card_does_not_rest_on_are_no_fault_of_it() -> None:
    world = World()
    world.add(printed("run-e", "0.17", n=10, **OTHER))
    assert "impossible-fraction" not in world.codes()
    world.add(printed("run-f", "0.5"))
    assert world.found("impossible-fraction").runs == ("run-e",)


def test_counts_up_to_n_are_no_finding() -> None:
    world = World()
    add(printed("run-e", "100", n=None, n_text=">100 prompts", **COUNT), printed("run-f", "22", n=34, **COUNT))(world)
    assert "count-beyond-n" not in world.codes()


def test_what_is_withheld_from_a_reader_is_not_looked_at() -> None:
    world = planted("below-indicated")
    document = world.document()
    document["card"]["lint"] = []
    document["card"]["categories"][0]["withheld"] = "not cleared"
    document["figures"] = [row for row in document["figures"] if row["evaluation"] != "ctf"]
    assert examine(document) == []
