"""Somebody without the laboratory's key changes a bundle and mends every digest that needs no key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scorecard.ledger.canonical import canonical_bytes, digest_bytes
from scorecard.ledger.note import key_id, signature_line
from scorecard.verifier.archive import pack_stored
from tests.verifier.bundles import FRAMEWORK, ORIGIN, Maker, edited, rehashed
from tests.verifier.running import checked_file, difference, unpacked

Change = Callable[[Any], Any]


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        ("scorecard.json", lambda v: v["categories"][0]["post_mitigation"].update(determined_level="low"),
         "the ledger's seal (entry #11) says otherwise"),
        ("scorecard.json", lambda v: v["evidence"][0]["tally"].update(total=1), "says otherwise"),
        ("scorecard.json", lambda v: v.update(title="Another"), "says otherwise"),
        ("sealed.json", lambda v: v["signatures"].pop(), "its signatures are not the ones that were sealed"),
        ("sealed.json", lambda v: v["signatures"].reverse(), "its signatures are not the ones that were sealed"),
        ("sealed.json", lambda v: v["signatures"][0]["signer"].update(name="Eve"), "not the ones that were sealed"),
        ("sealed.json", lambda v: v["signatures"][1].update(reason="because"), "not the ones that were sealed"),
        ("sealed.json", lambda v: v["sealed"].update(expires_at="2099-01-01T00:00:00.000000Z"), "says otherwise"),
        ("sealed.json", lambda v: v["sealed"].update(at="2026-11-24T12:31:00.000000Z"), "says otherwise"),
        ("sealed.json", lambda v: v["sealed"]["by"].update(name="Eve"), "another person as the sealer"),
        ("sealed.json", lambda v: v["sealed"]["by"].update(role="board"), "says otherwise"),
        ("sealed.json", lambda v: v["ledger"].update(seq=10), "not in the ledger as entry #10"),
        ("sealed.json", lambda v: v["ledger"].update(leaf="00"), "not in the ledger as entry #11"),
        ("sealed.json", lambda v: v["ledger"]["proof"].pop(), "not in the ledger as entry #11"),
        ("sealed.json", lambda v: v["ledger"].update(size=13), "another ledger head"),
        ("sealed.json", lambda v: v["ledger"].update(head=v["ledger"]["head"].replace("12", "13")),
        "another ledger head"),
        ("sealed.json", lambda v: v.update(note="extra"), "does not have exactly the fields"),
        ("sealed.json", lambda v: v["sealed"].update(note="extra"), "does not have exactly the fields"),
        ("sealed.json", lambda v: v["snapshot"].update(title="Another"), "seals another record"),
        ("framework.json", lambda v: v["gates"][0].update(at_most="critical"), "is not the framework"),
        ("runs/run_0/report.json", lambda v: v["tally"].update(successes=14),
         "cybersecurity/post_mitigation/ctf-professional: recorded 13/110, recomputed 14/110"),
        ("runs/run_2/report.json", lambda v: v["estimate"].update(value="58.0"),
         "cbrn/post_mitigation/multimodal-troubleshooting-virology: recorded 206.5/350, recomputed 203/350"),
        ("runs/run_4/report.json", lambda v: v["estimate"].update(value="0.43"), "makemesay/value: recorded 0.42"),
        ("runs/run_0/report.json", lambda v: v.update(operator="Eve"), "not the report that the evidence cites"),
    ],
)  # fmt: skip
def test_a_changed_document_is_named_although_every_digest_was_mended(
    honest: Maker, path: str, change: Change, words: str
) -> None:
    found = difference(edited(honest.members, path, change), honest.key)
    assert words in found


def test_changed_scores_are_named_by_their_evaluation(honest: Maker) -> None:
    path = "runs/run_3/scores.csv"
    changed = honest.members[path].replace(b"case-01,1,scored,0.0", b"case-01,1,scored,1.0")
    assert changed != honest.members[path]
    found = difference(rehashed({**honest.members, path: changed}), honest.key)
    assert found.startswith("model_autonomy/post_mitigation/swe-bench-verified: runs/run_3/scores.csv")


def test_changed_scores_with_a_mended_report_show_what_they_count_to(honest: Maker) -> None:
    path = "runs/run_3/scores.csv"
    changed = honest.members[path].replace(b"case-01,1,scored,0.0", b"case-01,1,scored,1.0")
    report = json.loads(honest.members["runs/run_3/report.json"])
    report["samples_digest"] = digest_bytes(changed)
    members = {**honest.members, path: changed, "runs/run_3/report.json": canonical_bytes(report)}
    found = difference(rehashed(members), honest.key)
    assert found == "model_autonomy/post_mitigation/swe-bench-verified: recorded 10.25/35, recomputed 11.25/35"


def rows(members: dict[str, bytes]) -> list[bytes]:
    return members["ledger/entries.jsonl"].splitlines(keepends=True)


def with_rows(members: dict[str, bytes], lines: list[bytes]) -> dict[str, bytes]:
    return rehashed({**members, "ledger/entries.jsonl": b"".join(lines)})


def test_ledger_entries_in_another_order_are_refused(honest: Maker) -> None:
    lines = rows(honest.members)
    lines[1], lines[2] = lines[2], lines[1]
    assert "out of order" in difference(with_rows(honest.members, lines), honest.key)


def test_a_repeated_ledger_entry_is_refused(honest: Maker) -> None:
    lines = rows(honest.members)
    assert "out of order" in difference(with_rows(honest.members, [lines[0], *lines]), honest.key)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (0, "framework.json: its publication is not in the ledger"), (1, "run_0 (ctf-professional): its receipt"),
        (5, "run_4 (makemesay): its receipt"), (7, "signature sig_0: it is not in the ledger"),
        (8, "signature sig_1: it is not in the ledger"), (9, "the seal is not in the ledger as entry #11"),
    ],
)  # fmt: skip
def test_every_part_of_the_card_needs_its_ledger_entry(honest: Maker, place: int, words: str) -> None:
    lines = rows(honest.members)
    del lines[place]
    assert words in difference(with_rows(honest.members, lines), honest.key)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"kind":"signoff.signed"', b'"kind":"signoff.signing"', "was altered, or its proof"),
        (b'"seq":3', b'"seq":4', "was altered, or its proof"),
        (b'{"envelope":', b'{"envelope": ', "line 1 is not a canonical entry"),
        (b'"v":1}', b'"v":1,"v":1}', "line 1: The key 'v' stands twice"),
        (b'"proof":["', b'"proof":["00', "its proof is not a list"),
        (b'"proof":["', b'"proof":["' + b"0" * 64 + b'","', "was altered, or its proof"),
        (b'"log":"example.org/ledger"', b'"log":"example.com/ledger"', "it belongs to the ledger"),
    ],
)  # fmt: skip
def test_a_changed_ledger_line_is_refused(honest: Maker, old: bytes, new: bytes, words: str) -> None:
    data = honest.members["ledger/entries.jsonl"]
    assert old in data
    found = difference(rehashed({**honest.members, "ledger/entries.jsonl": data.replace(old, new, 1)}), honest.key)
    assert words in found


def test_a_ledger_signed_with_another_key_is_refused_under_the_laboratorys(honest: Maker) -> None:
    forged = Maker(seed=2)
    assert difference(forged.members, forged.key) == ""
    assert "not signed by the key" in difference(forged.members, honest.key)


def test_a_head_signed_by_nobody_is_at_best_undecided(honest: Maker, tmp_path: Path) -> None:
    text = honest.members["ledger/head.txt"].decode().partition("\n\n")[0]
    unsigned = f"{text}\n\n{signature_line(ORIGIN, key_id(ORIGIN, honest.public), bytes(64))}"
    sealed = json.loads(honest.members["sealed.json"])
    sealed["ledger"]["head"] = unsigned
    members = rehashed({**honest.members, "ledger/head.txt": unsigned.encode(), "sealed.json": canonical_bytes(sealed)})
    code, said = checked_file(unpacked(tmp_path / "b", members), None)
    assert code == 2
    assert not any("signed by" in line and line.startswith("ok") for line in said)
    assert difference(members, honest.key)


@pytest.mark.parametrize(
    "form", [b'{"schema": "bundle/1"}', b"[]", b"null", b"{}", b'"x"', b"\xff", b"[" * 5000, b"{} {}"]
)
@pytest.mark.parametrize("path", ["MANIFEST.json", "scorecard.json", "sealed.json", "framework.json"])
def test_a_document_of_another_shape_fails_and_never_crashes(
    honest: Maker, tmp_path: Path, path: str, form: bytes
) -> None:
    members = {**honest.members, path: form}
    if path not in ("MANIFEST.json", "scorecard.json"):
        members = rehashed(members)
    code, said = checked_file(unpacked(tmp_path / "b", members), honest.key)
    assert code == 1
    assert said[-1].startswith("FAIL ")


def test_a_duplicate_key_or_another_spelling_of_the_same_json_is_refused(honest: Maker) -> None:
    data = honest.members["framework.json"]
    for path, spelling, words in (
        ("framework.json", data.replace(b'"overall":"maximum"', b'"overall":"maximum","overall":"maximum"'), "twice"),
        ("framework.json", data + b"\n", "not in canonical form"),
        (
            "framework.json",
            data.replace(b'"coverage_minimum":0.9', b'"coverage_minimum":0.90'),
            "not in canonical form",
        ),
        ("sealed.json", b"\xef\xbb\xbf" + honest.members["sealed.json"], "byte-order mark"),
    ):
        assert words in difference(rehashed({**honest.members, path: spelling}), honest.key)


def test_another_framework_is_not_the_one_that_was_signed(honest: Maker) -> None:
    laxer = json.loads(canonical_bytes(FRAMEWORK))
    for indicator in laxer["indicators"]:
        indicator["value"] = 0.99
    members = rehashed({**honest.members, "framework.json": canonical_bytes(laxer)})
    assert difference(members, honest.key) == "framework.json is not the framework that scorecard.json names"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("extra.txt", "extra.txt does not belong into a bundle"),
        ("runs/run_9/report.json", "runs/run_9/report.json does not belong into a bundle"),
        ("ledger/entries.jsonl.bak", "does not belong into a bundle"),
    ],
)  # fmt: skip
def test_nothing_more_may_lie_in_a_bundle(honest: Maker, path: str, words: str) -> None:
    assert words in difference(rehashed({**honest.members, path: b"x"}), honest.key)
    assert f"{path} is not listed" in difference({**honest.members, path: b"x"}, honest.key)


@pytest.mark.parametrize(
    "path", ["verify.py", "README.txt", "runs/run_0/report.json", "runs/run_3/scores.csv", "sealed.json"]
)
def test_nothing_may_be_missing(honest: Maker, path: str) -> None:
    members = {name: data for name, data in honest.members.items() if name != path}
    assert difference(members, honest.key) == f"{path} is missing"
    assert difference(rehashed(members), honest.key) == f"{path} is missing"


def test_scores_for_a_run_that_had_none_are_refused(honest: Maker) -> None:
    members = {}
    for path, data in honest.members.items():
        members[path] = data
        if path == "runs/run_0/report.json":
            members["runs/run_0/scores.csv"] = honest.members["runs/run_3/scores.csv"]
    assert "does not belong to its report" in difference(rehashed(members), honest.key)


def test_another_order_of_the_members_is_refused(honest: Maker, tmp_path: Path) -> None:
    items = list(honest.members.items())
    file = tmp_path / "b.zip"
    file.write_bytes(pack_stored(dict([items[0], items[2], items[1], *items[3:]])))
    assert "in the order of the archive" in checked_file(file, honest.key)[1][-1]
    turned = rehashed(dict([items[2], items[1], *items[3:]]))
    assert "another order" in difference(turned, honest.key)


def test_a_member_listed_twice_is_refused(honest: Maker) -> None:
    manifest = json.loads(honest.members["MANIFEST.json"])
    manifest["members"].append(manifest["members"][0])
    members = {**honest.members, "MANIFEST.json": canonical_bytes(manifest)}
    assert difference(members, honest.key)


@pytest.mark.parametrize("field", ["number", "version", "digest"])
def test_a_manifest_of_another_card_is_refused(honest: Maker, field: str) -> None:
    manifest = {**json.loads(honest.members["MANIFEST.json"]), field: "PSC-2026-0008"}
    members = {**honest.members, "MANIFEST.json": canonical_bytes(manifest)}
    assert difference(members, honest.key) == "MANIFEST.json names another scorecard than scorecard.json"


def test_a_link_in_the_folder_is_refused(honest: Maker, tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "b", honest.members)
    (folder / "README.txt").unlink()
    (folder / "README.txt").symlink_to("/etc/hostname")
    assert "README.txt is a link or a device" in checked_file(folder, honest.key)[1][-1]


def test_an_altered_verifier_is_not_the_one_that_the_seal_names(honest: Maker) -> None:
    members = rehashed({**honest.members, "verify.py": b"print('ok')\n"})
    assert difference(members, honest.key) == "verify.py is not the verifier that the seal names"


def test_a_printed_scorecard_of_another_record_or_seal_is_refused(honest: Maker) -> None:
    other = Maker(on_snapshot=lambda snapshot: snapshot.update(title="Another"))
    for pdf, words in (
        (other.pdf(), "prints another record"),
        (Maker(seed=2).pdf(bundle=honest.zip()), "was not signed by the key"),
        (honest.pdf()[:-1], "last line is not a seal"),
        (honest.pdf().replace(b"%PDF-1.7", b"%PDF-1.4"), "the file was altered"),
        (b"%PDF-1.7\n%%EOF\n", "last line is not a seal"),
    ):
        assert words in difference(honest.with_pdf(pdf), honest.key)
    assert difference(honest.with_pdf(), honest.key) == ""
