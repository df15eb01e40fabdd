"""docker-compose.yml and the Dockerfile, held against the settings because no engine runs them here."""

from __future__ import annotations

import re

import pytest
import yaml

from scorecard.environment import Environment
from scorecard.management.commands import up, worker
from tests.house.places import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("web", "worker", "beat")
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_five_services_have_the_promised_names() -> None:
    assert set(SERVICES) == {"web", "worker", "beat", "postgres", "redis"}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_field_of_the_environment(name: str) -> None:
    known = {field.upper() for field in Environment.model_fields}
    assert set(SERVICES[name]["environment"]) <= known


def defaults(name: str) -> dict[str, str]:
    """A service's variables with the values that they have when nothing is set outside."""
    given = SERVICES[name]["environment"]
    return {
        key: re.sub(r"\$\{\w+(?::-(.*?)|:\?.*?)?\}", lambda found: found[1] or "", value)
        for key, value in given.items()
    }


@pytest.mark.parametrize("name", OURS)
def test_what_the_page_of_the_accounts_sets_reaches_the_containers_and_starts_as_it_says(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs/how-to/accounts.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bSCORECARD_[A-Z_]+\b", page))
    assert "SCORECARD_OIDC_NAME" in named
    assert named <= set(SERVICES[name]["environment"])
    for variable, value in defaults(name).items():
        monkeypatch.setenv(variable, value)
    started = Environment()
    assert (started.scorecard_idle_minutes, started.scorecard_oidc_name) == (30, "Single sign-on")
    assert started.scorecard_require_second_factor is True
    assert started.scorecard_oidc_issuer == ""


@pytest.mark.parametrize("name", OURS)
def test_our_services_use_postgresql_and_redis_by_their_service_names(name: str) -> None:
    environment = SERVICES[name]["environment"]
    assert "@postgres:5432/" in environment["DATABASE_URL"]
    assert environment["BROKER_URL"].startswith("redis://redis:")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_background_services_are_examined_by_doctor(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][1:] == ["python", "manage.py", "doctor", "--json"]
    assert (ROOT / "scorecard/management/commands/doctor.py").exists()


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_without_root_and_write_to_the_volume_only(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["volumes"] == ["scorecard-data:/data"]
    assert service["environment"]["SCORECARD_DATA_DIR"] == "/data"


def test_the_options_of_the_web_and_worker_commands_exist() -> None:
    for name, module in (("web", up), ("worker", worker)):
        command = SERVICES[name]["command"]
        assert command[:3] == ["python", "manage.py", name if name == "worker" else "up"]
        parser = module.Command().create_parser("manage.py", command[2])
        parser.parse_args(command[3:])


def test_nothing_starts_before_what_it_needs_is_healthy() -> None:
    assert set(SERVICES["web"]["depends_on"]) == {"postgres", "redis"}
    for name in ("worker", "beat"):
        assert SERVICES[name]["depends_on"] == {"web": {"condition": "service_healthy"}}


def test_passwords_have_no_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for variable in ("POSTGRES_PASSWORD", "SECRET_KEY"):
        uses = re.findall(r"\$\{" + variable + r"(.*?)\}", text)
        assert uses
        assert all(use.startswith(":?") for use in uses)


def test_the_image_installs_the_lock_with_hashes_and_the_three_pdf_libraries() -> None:
    assert "--require-hashes -r requirements/server.txt" in DOCKERFILE
    for package in ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"):
        assert package in DOCKERFILE
        assert package in (ROOT / "Makefile").read_text()


def test_the_image_contains_every_package_the_server_imports_and_no_root() -> None:
    copied = set(re.findall(r"^COPY (\S+) \S+$", DOCKERFILE, flags=re.MULTILINE))
    assert {"evaluations", "scorecard", "templates", "manage.py"} <= copied
    assert "USER scorecard" in DOCKERFILE
    assert "uid 10001" in DOCKERFILE
