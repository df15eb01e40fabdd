"""One person proposes a framework version, another one confirms it, and then it stands for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from scorecard import confirming, proposing
from scorecard.access import Person
from scorecard.ledger.canonical import digest
from scorecard.models import FrameworkVersion, Proposal
from scorecard.models.ledger import LedgerEntry
from scorecard.publishing import PUBLISH, content_of
from scorecard.refusals import Refused
from tests.publishing.conftest import amended

Named = Callable[[str], Person]


@pytest.fixture
def proposal(framework: FrameworkVersion, person: Named) -> Proposal:
    """Ada proposes a version with a lower threshold."""
    content = content_of(amended(("value = 0.45", "value = 0.4")))
    return proposing.propose(PUBLISH, content, reason="Lower is safer", by=person("ada"), at=timezone.now())


def test_nothing_is_published_until_a_second_person_confirms(proposal: Proposal, person: Named) -> None:
    assert FrameworkVersion.objects.count() == 1
    assert proposal.summary == "Publish Preparedness Framework (Beta), version 2024-06-01"
    done = confirming.confirm(proposal, seen=proposal.digest, by=person("dana"), at=timezone.now())
    version = FrameworkVersion.objects.get(version="2024-06-01")
    assert version.document["indicators"][0]["value"] == 0.4
    assert version.digest == digest(version.document) == proposal.content["digest"]
    assert version.source == proposal.content["source"]
    assert version.actor_name == "Dana Reyes"
    assert done.outcome == {"framework": version.id, "digest": version.digest}
    kinds = list(LedgerEntry.objects.order_by("seq").values_list("kind", flat=True))
    assert kinds[-3:] == ["proposal.made", "framework.published", "proposal.confirmed"]


@pytest.mark.parametrize("who", ["ada", "bo", "faye", "gil"])
def test_who_may_not_confirm_is_refused(proposal: Proposal, person: Named, who: str) -> None:
    with pytest.raises(Refused) as refusal:
        confirming.confirm(proposal, seen=proposal.digest, by=person(who), at=timezone.now())
    assert refusal.value.status == 403
    assert FrameworkVersion.objects.count() == 1


@pytest.mark.parametrize("who", ["bo", "chen", "dana", "eli", "faye", "gil"])
def test_only_the_preparedness_team_proposes(framework: FrameworkVersion, person: Named, who: str) -> None:
    with pytest.raises(Refused) as refusal:
        proposing.propose(PUBLISH, content_of(amended()), reason="x", by=person(who), at=timezone.now())
    assert refusal.value.code == "role-missing"


def test_the_same_version_with_other_content_is_refused_and_so_is_the_same_again(
    framework: FrameworkVersion, person: Named
) -> None:
    other = content_of(amended(("value = 0.45", "value = 0.4"), version="2023-12-18"))
    with pytest.raises(Refused, match="published with other content") as refusal:
        proposing.propose(PUBLISH, other, reason="x", by=person("ada"), at=timezone.now())
    assert refusal.value.status == 409
    same = content_of(amended(version="2023-12-18"))
    with pytest.raises(Refused, match="published already"):
        proposing.propose(PUBLISH, same, reason="x", by=person("ada"), at=timezone.now())


def test_of_two_proposals_of_one_version_the_second_is_not_confirmed(proposal: Proposal, person: Named) -> None:
    rival = content_of(amended(("value = 0.45", "value = 0.9")))
    made = proposing.propose(PUBLISH, rival, reason="Higher", by=person("ada"), at=timezone.now())
    confirming.confirm(proposal, seen=proposal.digest, by=person("chen"), at=timezone.now())
    with pytest.raises(Refused, match="published with other content"):
        confirming.confirm(made, seen=made.digest, by=person("eli"), at=timezone.now())
    assert FrameworkVersion.objects.get(version="2024-06-01").document["indicators"][0]["value"] == 0.4


def test_a_content_that_does_not_fit_its_source_is_refused(framework: FrameworkVersion, person: Named) -> None:
    content = {**content_of(amended()), "digest": "sha256:other"}
    with pytest.raises(Refused, match="does not have the digest"):
        proposing.propose(PUBLISH, content, reason="x", by=person("ada"), at=timezone.now())
    with pytest.raises(Refused, match="indicators") as refusal:
        content_of(amended(("value = 0.45", "value = 45")))
    assert (refusal.value.code, refusal.value.status) == ("framework-faulty", 422)
