"""Before the first request: lock, port, tables, guards, static files, and what is printed."""

from __future__ import annotations

import os
import re
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from scorecard import guarding, system_checks
from scorecard.demonstration.entering import name_in
from scorecard.operating import greeting, locking, preparing, programs


def test_a_folder_is_held_once_and_free_again_afterwards(tmp_path: Path) -> None:
    first, second = locking.held(tmp_path), locking.held(tmp_path)
    with first, pytest.raises(locking.AlreadyRunning, match=rf"process {os.getpid()}"), second:
        pytest.fail("held twice")
    with locking.held(tmp_path):
        assert (tmp_path / locking.LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_a_lock_of_a_dead_process_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / locking.LOCK_NAME).write_text("99999999\n")
    with locking.held(tmp_path):
        pass


def test_a_taken_port_is_named_with_the_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(preparing.PortTaken, match=rf"make run PORT={port + 1}"):
            preparing.require_free("127.0.0.1", port)
    preparing.require_free("127.0.0.1", port)


@pytest.mark.django_db
def test_a_prepared_database_is_left_alone_and_missing_guards_come_back() -> None:
    assert preparing.pending_migrations() == []
    assert preparing.migrate() is False
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER scorecard_ledgerentry_keeps_delete")
    assert guarding.missing() == ["scorecard_ledgerentry_keeps_delete"]
    assert preparing.migrate() is True
    assert guarding.missing() == []


@pytest.mark.django_db
def test_the_check_refuses_a_database_without_its_guards() -> None:
    assert system_checks.history_is_guarded(databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER scorecard_ledgerentry_keeps_delete")
    (found,) = system_checks.history_is_guarded(databases=["default"])
    assert found.id == "scorecard.E001"
    assert "migrate" in str(found.hint)
    guarding.install()


def test_the_check_without_a_database_asks_nothing() -> None:
    assert system_checks.history_is_guarded(databases=None) == []


def test_missing_pdf_libraries_are_a_warning_with_the_one_line_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        system_checks, "remedy", lambda: "PDF export is off: pango-1.0 not found. Fix: sudo apt install x."
    )
    (found,) = system_checks.scorecards_can_be_printed()
    assert (found.id, found.is_serious()) == ("scorecard.W001", False)
    assert "sudo apt install" in found.msg


def test_static_files_are_collected_only_when_they_changed(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    settings.STATIC_ROOT, settings.BASE_DIR = tmp_path / "collected", tmp_path
    source = tmp_path / "scorecard" / "static"
    source.mkdir(parents=True)
    settings.STATIC_ROOT.mkdir()
    (source / "app.css").write_text("a {}")
    monkeypatch.setattr(preparing, "call_command", lambda name, **options: calls.append(name))
    assert preparing.collect_static() is True
    assert preparing.collect_static() is False
    (source / "app.css").write_text("a { color: red }")
    assert preparing.collect_static() is True
    assert calls == ["collectstatic", "collectstatic"]


def test_children_get_the_address_and_what_was_given_wins(settings: Any) -> None:
    made = programs.environment_of("0.0.0.0", 8001, demo=True, given={"PATH": "/bin"})
    assert made["SCORECARD_URL"] == "http://127.0.0.1:8001"
    assert made["SCORECARD_DEMO"] == "1"
    assert "127.0.0.1" in made["ALLOWED_HOSTS"].split(",")
    assert Path(made["SCORECARD_DATA_DIR"]).is_absolute()
    kept = programs.environment_of("127.0.0.1", 1, demo=False, given={"SCORECARD_URL": "https://risk.example"})
    assert kept["SCORECARD_URL"] == "https://risk.example"
    assert "SCORECARD_DEMO" not in kept


def test_another_host_name_is_answered_too() -> None:
    made = programs.environment_of("10.0.0.5", 8000, demo=False, given={})
    assert made["SCORECARD_URL"] == "http://10.0.0.5:8000"
    assert "10.0.0.5" in made["ALLOWED_HOSTS"].split(",")


def facts(**changes: Any) -> greeting.Greeting:
    given: dict[str, Any] = {
        "address": "http://127.0.0.1:8000", "seconds": 4.2, "demo": True, "demo_token": "psc_secret",
        "verification_key": "name+id+key", "worker": True,
    }  # fmt: skip
    return greeting.Greeting(**{**given, **changes})


def test_the_greeting_names_address_link_people_and_lines_to_paste() -> None:
    text = "\n".join(greeting.lines(facts()))
    link = re.search(r"http://127\.0\.0\.1:8000/demo/enter/(\S+)/", text)
    assert link is not None
    assert name_in(link[1]) == "ada"
    for line in ("export SCORECARD_TOKEN=psc_secret", "export SCORECARD_LEDGER_KEY=name+id+key"):
        assert f"  {line}\n" in text
    for name in ("ada", "bo", "chen", "dana", "eli", "faye", "gil"):
        assert f"{name} (" in text


def test_without_demo_data_no_token_and_no_password_is_printed() -> None:
    text = "\n".join(greeting.lines(facts(demo=False, demo_token=None, worker=False)))
    assert "psc_" not in text
    assert "demo-password" not in text
    assert "manage.py invite" in text
    assert "python manage.py worker" in text


def test_the_demo_token_is_read_from_the_data_folder_in_demo_mode_only(data_dir: Path) -> None:
    (data_dir / "demo-token").write_text("psc_kept\n")
    assert greeting.gather("http://x", seconds=1, demo=True, worker=True).demo_token == "psc_kept"
    assert greeting.gather("http://x", seconds=1, demo=False, worker=True).demo_token is None


def test_waiting_for_the_web_server_ends_when_told_to_stop_or_out_of_patience() -> None:
    stop = threading.Event()
    assert greeting.wait_until_ready("http://127.0.0.1:9", stop=stop, patience=0.3) is False
    stop.set()
    assert greeting.wait_until_ready("http://127.0.0.1:9", stop=stop, patience=60) is False
