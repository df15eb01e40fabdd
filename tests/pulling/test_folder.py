"""Pulling from a folder: files at rest, each version once, and nothing that lies elsewhere."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from evaluations.models import LogFile, PulledItem
from evaluations.pulling import folder
from evaluations.pulling.offers import PassedOver, PullFailed
from evaluations.pulling.taking import pull
from tests.pulling.conftest import MakeSource

NOW = timezone.now()


@pytest.fixture
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two logs that have rested for an hour."""
    place = tmp_path_factory.mktemp("logs")
    for name in ("a.eval", "deep/er/b.eval"):
        written(place / name, f"log {name}")
    return place


def written(path: Path, text: str, *, age: float = 3600.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    moment = NOW.timestamp() - age
    os.utime(path, (moment, moment))
    return path


def names() -> set[str]:
    return set(LogFile.objects.values_list("name", flat=True))


def test_every_file_at_rest_becomes_one_log_brought_by_the_source(logs: Path, source_of: MakeSource) -> None:
    source = source_of("folder", str(logs), format="inspect")
    done = pull(source, at=NOW)
    assert (done.state, done.found, done.new, done.failed) == ("done", 2, 2, 0)
    assert names() == {"a.eval", "b.eval"}
    log = LogFile.objects.get(name="a.eval")
    assert (log.actor_kind, log.actor_id, log.actor_name, log.format) == ("source", source.id, source.slug, "inspect")
    assert done.bytes == len("log a.eval") + len("log deep/er/b.eval")


def test_a_second_pull_takes_nothing_and_a_changed_file_is_a_new_version(logs: Path, source_of: MakeSource) -> None:
    source = source_of("folder", str(logs))
    pull(source, at=NOW)
    again = pull(source, at=NOW)
    assert (again.new, again.unchanged) == (0, 2)
    written(logs / "a.eval", "log a, longer", age=1800)
    changed = pull(source, at=NOW)
    assert (changed.new, changed.unchanged) == (1, 1)
    assert PulledItem.objects.filter(key="a.eval").count() == 2


def test_a_touched_file_with_the_same_bytes_is_no_second_log(logs: Path, source_of: MakeSource) -> None:
    source = source_of("folder", str(logs))
    pull(source, at=NOW)
    written(logs / "a.eval", "log a.eval", age=600)
    touched = pull(source, at=NOW)
    assert (touched.new, touched.unchanged) == (0, 2)
    assert LogFile.objects.count() == 2


def test_a_file_that_is_still_written_waits_until_it_rests(logs: Path, source_of: MakeSource) -> None:
    source = source_of("folder", str(logs), settle_seconds=60)
    written(logs / "running.eval", "half", age=10)
    early = pull(source, at=NOW)
    assert (early.new, early.skipped) == (2, 1)
    assert early.notes == [
        {
            "key": "running.eval",
            "code": "not-settled",
            "reason": "It was written 10 s ago and is taken after 60 s of rest.",
        }
    ]
    later = pull(source, at=NOW + timedelta(seconds=55))
    assert (later.new, later.skipped) == (1, 0)


def test_a_file_from_the_future_is_left_alone_with_its_reason(logs: Path, source_of: MakeSource) -> None:
    written(logs / "ahead.eval", "x", age=-600)
    done = pull(source_of("folder", str(logs)), at=NOW)
    assert "clocks" in done.notes[0]["reason"]


def test_a_glob_in_the_address_and_a_pattern_choose_files(logs: Path, source_of: MakeSource) -> None:
    written(logs / "notes.txt", "not a log")
    assert pull(source_of("folder", f"{logs}/*.eval", slug="glob"), at=NOW).found == 1
    assert pull(source_of("folder", str(logs), pattern="deep/**/*.eval", slug="pattern"), at=NOW).found == 1
    assert pull(source_of("folder", f"{logs}/**/*.eval", slug="deep"), at=NOW).found == 2


def test_links_are_never_followed(logs: Path, source_of: MakeSource, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = written(tmp_path_factory.mktemp("outside") / "secret.eval", "secret")
    (logs / "link.eval").symlink_to(outside)
    (logs / "linked").symlink_to(outside.parent)
    done = pull(source_of("folder", str(logs)), at=NOW)
    assert (done.new, done.skipped) == (2, 2)
    assert {note["code"] for note in done.notes} == {"link"}
    assert "secret.eval" not in names()


@pytest.mark.parametrize("swapped", ["a.eval", "deep"])
def test_a_path_that_becomes_a_link_after_the_listing_is_not_followed(
    swapped: str, logs: Path, source_of: MakeSource, monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    outside = tmp_path_factory.mktemp("outside")
    for name in ("a.eval", "er/b.eval"):
        written(outside / name, "secret")
    fetched = folder._fetched

    def swap_first(root: str, file: folder._File, most: int):
        target = logs / swapped
        if not target.is_symlink():
            target.rename(logs / ".away")
            target.symlink_to(outside / "a.eval" if swapped == "a.eval" else outside)
        return fetched(root, file, most)

    monkeypatch.setattr(folder, "_fetched", swap_first)
    done = pull(source_of("folder", str(logs)), at=NOW)
    assert (done.new, done.failed) == (1, 1)
    assert {log.bytes for log in LogFile.objects.all()} != {len("secret")}


def test_a_file_that_changes_while_it_is_read_is_not_taken(
    logs: Path, source_of: MakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = folder._fetched

    def grow(root: str, file: folder._File, most: int):
        yield from fetched(root, file, most)

    def growing(root: str, file: folder._File, most: int):
        chunks = fetched(root, file, most)
        yield next(chunks)
        with (logs / file.key).open("a") as stream:
            stream.write("more")
        yield from chunks

    monkeypatch.setattr(folder, "_fetched", growing)
    source = source_of("folder", f"{logs}/a.eval*")
    done = pull(source, at=NOW)
    assert (done.state, done.new, done.failed) == ("partly", 0, 1)
    assert PulledItem.objects.get().error_code == "changed-meanwhile"
    monkeypatch.setattr(folder, "_fetched", grow)
    later = pull(source, at=NOW + timedelta(hours=1))
    assert (later.new, later.failed) == (1, 0)


def test_names_that_cannot_be_kept_are_passed_over(logs: Path, source_of: MakeSource) -> None:
    with open(os.fsencode(logs) + b"/bad-\xff.eval", "wb") as stream:
        stream.write(b"x")
    os.mkfifo(logs / "pipe.eval")
    written(logs / ".hidden.eval", "x")
    done = pull(source_of("folder", str(logs)), at=NOW)
    assert (done.new, done.skipped) == (2, 1)
    assert done.notes[0]["code"] == "name-not-utf-8"


def test_a_file_larger_than_a_log_may_be_is_refused_and_the_others_are_taken(
    logs: Path, source_of: MakeSource, settings
) -> None:
    settings.MAX_LOG_BYTES = 1024
    written(logs / "huge.eval", "x" * 2000)
    done = pull(source_of("folder", str(logs)), at=NOW)
    assert (done.state, done.new, done.failed) == ("partly", 2, 1)
    item = PulledItem.objects.get(state="refused")
    assert (item.key, item.error_code) == ("huge.eval", "too-large")
    assert "SCORECARD_MAX_LOG_BYTES" in item.remedy


def test_an_empty_file_is_refused_with_its_reason(logs: Path, source_of: MakeSource) -> None:
    written(logs / "empty.eval", "")
    pull(source_of("folder", str(logs)), at=NOW)
    assert PulledItem.objects.get(state="refused").error_code == "empty"


def test_a_folder_that_is_gone_fails_the_pull_and_not_the_worker(logs: Path, source_of: MakeSource) -> None:
    done = pull(source_of("folder", str(logs / "gone")), at=NOW)
    assert (done.state, done.error_code) == ("failed", "folder-unreadable")
    assert done.remedy


@pytest.mark.parametrize("place", ["/", "/etc", "/proc/self", "relative/logs", "/etc/*.json"])
def test_folders_of_the_machine_are_refused(place: str) -> None:
    assert folder.root_refused(place)


def test_the_scorecards_own_data_is_out_of_reach(tmp_path: Path, logs: Path) -> None:
    assert folder.root_refused(str(tmp_path))
    assert folder.root_refused(str(tmp_path / "blobs"))
    assert folder.root_refused(str(tmp_path.parent))
    (logs / "way-in").symlink_to(tmp_path)
    assert folder.root_refused(str(logs / "way-in"))
    assert folder.root_refused(str(logs)) is None


def test_a_root_that_was_turned_into_a_link_to_the_data_is_refused_when_it_is_read(
    logs: Path, source_of: MakeSource, tmp_path: Path
) -> None:
    source = source_of("folder", str(logs / "deep"))
    (logs / "deep").rename(logs / "shallow")
    (logs / "deep").symlink_to(tmp_path)
    done = pull(source, at=NOW)
    assert (done.state, done.error_code) == ("failed", "folder-refused")


def test_a_tree_without_end_is_not_walked_to_its_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("deep")
    inner = place
    for _ in range(folder.DEEPEST + 3):
        inner = inner / "d"
        inner.mkdir()
    written(inner / "x.eval", "x")
    handle = folder._opened_root(str(place))
    try:
        found = list(folder._listed(handle, ()))
    finally:
        os.close(handle)
    assert [one.code for one in found if isinstance(one, PassedOver)] == ["too-deep"]


def test_a_root_that_is_a_file_cannot_be_opened(logs: Path) -> None:
    with pytest.raises(PullFailed, match="cannot be opened"):
        folder._opened_root(str(logs / "a.eval"))
