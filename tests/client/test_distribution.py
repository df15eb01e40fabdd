"""The client as a distribution: what it needs, what it brings, and what it must never import."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest
import yaml
from scorecard_client import ExitCode
from scorecard_client.configuration import KEYS

from tests.house.places import ROOT

CLIENT = ROOT / "client"
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REFERENCE = (ROOT / "docs/reference/client.md").read_text(encoding="utf-8")
RECIPE = (ROOT / "docs/how-to/github-actions.md").read_text(encoding="utf-8")
SERVER = ("django", "rest_framework", "celery", "weasyprint", "pandas", "scorecard", "evaluations")
WITHOUT_SERVER = """
import importlib, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv[1:]:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
import scorecard_client
for found in pkgutil.walk_packages(scorecard_client.__path__, "scorecard_client."):
    if not found.name.endswith("inspect_hook"):
        importlib.import_module(found.name)
"""


def test_it_needs_three_packages_only() -> None:
    assert [re.split(r"[<>=]", line)[0] for line in PROJECT["dependencies"]] == ["httpx", "pydantic", "typer"]


def test_every_module_but_the_hook_is_imported_without_django_the_server_and_inspect() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SERVER, *SERVER], cwd=CLIENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_only_one_module_knows_the_http_library() -> None:
    importing = re.compile(r"^\s*(import|from) httpx", re.MULTILINE)
    knowing = [path.name for path in CLIENT.rglob("*.py") if importing.search(path.read_text(encoding="utf-8"))]
    assert knowing == ["transport.py"]


def test_the_command_and_the_hook_are_entry_points_that_exist() -> None:
    assert PROJECT["scripts"] == {"scorecard": "scorecard_client.main:main"}
    (module,) = PROJECT["entry-points"]["inspect_ai"].values()
    path = CLIENT / f"{module.replace('.', '/')}.py"
    assert "from inspect_ai.hooks import" in path.read_text(encoding="utf-8")
    importing = [other.name for other in CLIENT.rglob("*.py") if other != path and "inspect_hook" in other.read_text()]
    assert importing == []


def steps_of(text: str) -> list[dict[str, Any]]:
    """The steps of the workflow in a page."""
    (block,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    workflow = yaml.safe_load(block)
    assert set(workflow) == {"name", True, "jobs"}, "YAML reads the key `on` as true"
    (job,) = workflow["jobs"].values()
    steps: list[dict[str, Any]] = job["steps"]
    return steps


def test_the_recipe_pushes_whatever_became_of_the_evaluation() -> None:
    pushing = [step for step in steps_of(RECIPE) if "scorecard push" in step.get("run", "")]
    assert [step["if"] for step in pushing] == ["always()"]
    assert "--spool" in pushing[0]["run"]
    assert "continue-on-error" not in pushing[0]


def test_the_recipe_keeps_what_could_not_be_sent() -> None:
    (keeping,) = [step for step in steps_of(RECIPE) if "upload-artifact" in step.get("uses", "")]
    assert keeping["if"] == "always()"
    assert keeping["with"]["include-hidden-files"] is True
    assert keeping["with"]["path"].startswith(".scorecard/spool")


def test_the_recipe_holds_no_secret_on_a_command_line() -> None:
    for step in steps_of(RECIPE):
        assert "secrets." not in step.get("run", "")


@pytest.mark.parametrize("page", ["docs/how-to/github-actions.md", "docs/how-to/push-from-a-pipeline.md",
                                  "docs/reference/client.md", "client/README.md"])  # fmt: skip
def test_every_command_and_option_that_a_page_names_exists(scorecard: Any, page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```(?:\w*)\n(.*?)```", text, flags=re.DOTALL)
             for line in block.replace("\\\n", " ").splitlines()]  # fmt: skip
    found = [match for line in lines if (match := re.search(r"(?:^|\s)scorecard (\w+)(.*)", line))]
    assert found
    for match in found:
        printed = scorecard(match[1], "--help")
        assert printed.exit_code == 0, match[0]
        assert [option for option in re.findall(r"--[a-z-]+", match[2]) if option not in printed.stdout] == []


def test_the_reference_has_a_row_for_every_option_setting_and_exit_code(scorecard: Any) -> None:
    described = set(re.findall(r"`(--[a-z-]+)", REFERENCE))
    for command in ("push", "wait", "show", "gate", "diff", "export", "verify"):
        assert f"scorecard {command}" in REFERENCE
        assert set(re.findall(r"(--[a-z-]+)", scorecard(command, "--help").stdout)) - {"--help"} <= described
    assert {int(code) for code in re.findall(r"^\| (\d) \|", REFERENCE, flags=re.M)} == {int(code) for code in ExitCode}
    assert set(re.findall(r"^\| `([a-z]+)` \|", REFERENCE, flags=re.M)) == set(KEYS)
