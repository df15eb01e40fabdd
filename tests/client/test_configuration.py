"""Where address, token and defaults come from, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scorecard_client.configuration import Configuration, configured, from_environment
from scorecard_client.errors import Misused, NotAuthenticated

from tests.client.api import SECRET, Api


@pytest.fixture
def user(folder: Path) -> Path:
    """The user's own settings file, not yet written."""
    path = folder.parent / "config" / "scorecard" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def found(user: Path, folder: Path, *, url: str | None = None, **environment: str) -> Configuration:
    base = {"XDG_CONFIG_HOME": str(user.parent.parent)}
    return configured(url=url, environment={**base, **environment}, folder=folder)


def written(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


def test_flag_before_environment_before_project_before_user(user: Path, folder: Path) -> None:
    written(user, 'url = "https://user.test"\n')
    assert found(user, folder).address() == "https://user.test"
    written(folder / "scorecard.toml", 'url = "https://project.test"\n')
    assert found(user, folder).address() == "https://project.test"
    assert found(user, folder, SCORECARD_URL="https://env.test").address() == "https://env.test"
    flagged = found(user, folder, url="https://flag.test", SCORECARD_URL="https://env.test")
    assert flagged.address() == "https://flag.test"
    assert flagged.words() == "https://flag.test (--url), no token"


def test_an_empty_variable_is_none(user: Path, folder: Path) -> None:
    written(folder / "scorecard.toml", 'url = "https://project.test"\n')
    assert found(user, folder, SCORECARD_URL="", SCORECARD_TOKEN=" ").words().endswith("(scorecard.toml), no token")


def test_a_token_comes_from_the_environment_or_a_file_and_says_which(user: Path, folder: Path) -> None:
    written(user, f'url = "https://a.test"\ntoken = "{SECRET}"\n')
    held = found(user, folder)
    assert held.secret() == SECRET
    assert str(user) in held.words()
    assert SECRET not in held.words() + repr(held)
    assert found(user, folder, SCORECARD_TOKEN="psc_other\n").secret() == "psc_other"


def test_a_file_s_token_goes_to_that_file_s_address_only(user: Path, folder: Path) -> None:
    written(user, f'url = "https://a.test/"\ntoken = "{SECRET}"\n')
    written(folder / "scorecard.toml", 'url = "https://elsewhere.test"\n')
    with pytest.raises(NotAuthenticated):
        found(user, folder).secret()
    written(folder / "scorecard.toml", 'url = "https://a.test"\n')
    assert found(user, folder).secret() == SECRET


def test_a_token_that_others_can_read_is_warned_of(user: Path, folder: Path) -> None:
    user.write_text(f'token = "{SECRET}"\n')
    user.chmod(0o644)
    assert "chmod 600" in found(user, folder).warnings[0]
    user.chmod(0o600)
    assert found(user, folder).warnings == ()


def test_an_unencrypted_address_is_warned_of_unless_it_is_this_machine(user: Path, folder: Path) -> None:
    assert "use https" in found(user, folder, url="http://scorecard.test").warnings[0]
    for address in ("http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000"):
        assert found(user, folder, url=address).warnings == ()


@pytest.mark.parametrize("address", ["https://a.test/", "https://a.test/api/v1/", "https://a.test/api/v1"])
def test_the_address_may_end_in_the_api(user: Path, folder: Path, address: str) -> None:
    assert found(user, folder, url=address).address() == "https://a.test"
    assert found(user, folder, url="https://a.test/lab/").address() == "https://a.test/lab"


@pytest.mark.parametrize(
    "address",
    ["a.test", "ftp://a.test", "https://", "https://a.test:99999", "https://a.test/?x=1", "https://[::1", "//a"],
)
def test_an_address_that_is_none_is_wrong_usage(user: Path, folder: Path, address: str) -> None:
    with pytest.raises(Misused, match="address"):
        found(user, folder, url=address)


def test_credentials_in_the_address_are_refused_and_not_repeated(user: Path, folder: Path) -> None:
    with pytest.raises(Misused) as caught:
        found(user, folder, url=f"https://me:{SECRET}@a.test")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("url = ", "no TOML"),
        ("ulr = 'x'", "'ulr' is no setting"),
        ("url = 7", "url is a text"),
        ("[a]\nb = 1", "'a' is no"),
    ],
)
def test_a_faulty_settings_file_is_named_with_the_key(user: Path, folder: Path, text: str, words: str) -> None:
    (folder / "scorecard.toml").write_text(text)
    with pytest.raises(Misused, match=words) as caught:
        found(user, folder)
    assert "scorecard.toml" in str(caught.value)


def test_what_is_missing_is_said_with_the_variable(scorecard: Any, folder: Path) -> None:
    result = scorecard("show", "atlas-2-rc1")
    assert (result.exit_code, "SCORECARD_URL" in result.stderr) == (2, True)
    result = scorecard("show", "atlas-2-rc1", "--url", "http://127.0.0.1:1")
    assert (result.exit_code, "SCORECARD_TOKEN" in result.stderr) == (5, True)


def test_a_token_that_no_header_can_carry_is_refused_and_not_repeated(
    scorecard: Any, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORECARD_TOKEN", "psc_a\nX-Injected: 1")
    result = scorecard("show", "atlas-2-rc1")
    assert (result.exit_code, api.asked) == (5, [])
    assert "Injected" not in result.output


def test_a_project_binds_its_logs_and_leaves_reports_alone(scorecard: Any, api: Api, folder: Path, report: Any) -> None:
    (folder / "scorecard.toml").write_text('checkpoint = "atlas-2-rc2"\nmitigation = "post_mitigation"\n')
    (folder / "a.eval").write_bytes(b"log")
    assert scorecard("push", "a.eval", report()).exit_code == 0
    assert api.asked[0].query == {"format": "auto", "checkpoint": "atlas-2-rc2", "mitigation": "post_mitigation"}
    assert api.paths()[1] == "/api/v1/runs/"
    scorecard("push", "a.eval", "--checkpoint", "atlas-2-rc3")
    assert api.asked[2].query["checkpoint"] == "atlas-2-rc3"


def test_the_hook_reads_the_environment_and_no_file(user: Path, folder: Path) -> None:
    written(user, f'url = "https://a.test"\ntoken = "{SECRET}"\n')
    assert from_environment({}).words() == "no server, no token"
    assert from_environment({"SCORECARD_URL": "https://b.test/"}).address() == "https://b.test"
