"""Refusals as the framework reads them: missing in the worst case, a failure of the capability, or left out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from evaluations.actors import SYSTEM
from evaluations.intake import receive
from evaluations.models import Checkpoint
from scorecard.access import Person
from scorecard.adopting import publish
from scorecard.assessing import assess
from scorecard.bundling import bundle_without_pdf
from scorecard.demonstration.story import FRAMEWORK
from scorecard.models import Programme, Scorecard
from scorecard.opening import open_scorecard
from scorecard.queries import snapshot_of
from scorecard.verifier.build import source
from tests.conftest import drain
from tests.credit.test_credit import sealed
from tests.web.journeys import determined

pytestmark = pytest.mark.django_db
ALL = '["error", "limit", "refused", "not_attempted", "ungraded", "invalidated"]'
OTHERS = ALL.replace('"refused", ', "")


@pytest.fixture
def card_under(programme: Programme, atlas: Checkpoint, person: Callable[[str], Person]) -> Callable[[str], Scorecard]:
    """Open a card under the Beta framework with another refusal policy."""

    def opened(policy: str) -> Scorecard:
        text = Path(FRAMEWORK).read_text(encoding="utf-8").replace(f"missing_statuses = {ALL}", policy)
        version = publish(text.replace('version = "2023-12-18"', 'version = "refusals"', 1).encode(), by=SYSTEM,
                          at=timezone.now())  # fmt: skip
        made = open_scorecard(programme=programme, checkpoint=atlas, framework=version, title="t", by=person("ada"),
                              at=timezone.now())  # fmt: skip
        assess(made, cause="test", at=timezone.now())
        rows = [{"id": f"task-{n:03d}", "score": float(n < 20)} for n in range(60)]
        rows += [{"id": f"task-{n:03d}", "status": "refused"} for n in range(60, 100)]
        report = {
            "schema": "run-report/1", "run_id": "refusing", "subject": "atlas-2", "checkpoint": "atlas-2-rc1",
            "mitigation": "post_mitigation", "evaluation": {"slug": "ctf-professional"}, "metric": "pass@12",
            "samples": rows, "planned_samples": 100, "provenance": {"source": "tests"},
            "elicitation": {"adequate": True, "declared_by": "tests"},
        }  # fmt: skip
        receive(json.dumps(report).encode(), by=SYSTEM, at=timezone.now())
        drain()
        return made

    return opened


@pytest.mark.parametrize(
    ("policy", "counted"),
    [
        (f"missing_statuses = {ALL}", (60, 100, 20.0, 60.0)),
        (f"missing_statuses = {OTHERS}", (100, 100, 20.0, 20.0)),
        (f'missing_statuses = {OTHERS}\nexcluded_statuses = ["refused"]', (60, 60, 20.0, 20.0)),
    ],
    ids=["in the worst case a success", "a failure", "left out"],
)
def test_refusals_count_as_the_framework_says_and_an_auditor_counts_the_same(
    card_under: Callable[[str], Scorecard], person: Callable[[str], Person], tmp_path: Path,
    policy: str, counted: tuple[int, int, float, float],
) -> None:  # fmt: skip
    card = card_under(policy)
    (item,) = snapshot_of(card)["evidence"]
    tally = item["tally"]
    assert (tally["scored"], tally["expected"], tally["floor"], tally["ceiling"]) == counted
    done = sealed(determined(card, person, "high"), person)
    (tmp_path / "verify.py").write_text(source(), encoding="utf-8")
    (tmp_path / "bundle.zip").write_bytes(bundle_without_pdf(done))
    asked = [sys.executable, "-I", "verify.py", "bundle.zip"]
    found = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 2, found.stdout
