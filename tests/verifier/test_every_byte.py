"""No byte of a bundle can change unnoticed, whichever it is, and the member is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from scorecard.verifier.archive import ArchiveFaulty, pack_stored, unpack_stored
from tests.verifier.bundles import Maker, rehashed
from tests.verifier.running import checked_file, difference, unpacked

STEP = 211
SMALL = 600


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :]


def named(name: str, text: str) -> bool:
    """Whether a text names a member by a part of its path; a byte of the name itself may be the flipped one."""
    windows = ((part, text[at : at + len(part)]) for part in name.split("/") for at in range(len(text) - len(part) + 1))
    return any(sum(one != other for one, other in zip(part, seen, strict=True)) <= 1 for part, seen in windows)


def places(data: bytes) -> list[int]:
    """Every byte of what is small; of what is large a regular choice, with both ends."""
    if len(data) <= SMALL:
        return list(range(len(data)))
    return sorted({*range(0, len(data), max(STEP, len(data) // 60)), len(data) - 1})


def test_a_flipped_byte_anywhere_in_the_zip_fails_and_names_a_member(honest: Maker) -> None:
    data, names = honest.zip(), list(honest.members)
    start = len(data) - sum(46 + len(name) for name in names) - 22
    for place in sorted({*range(0, len(data), STEP), *range(start, len(data))}):
        with pytest.raises(ArchiveFaulty) as refused:
            unpack_stored(flipped(data, place))
        assert any(named(name, str(refused.value)) for name in names) or place < 4 or place >= len(data) - 22


def test_the_altered_member_is_named_for_every_byte_of_its_content(honest: Maker) -> None:
    data, offset = honest.zip(), 0
    for name, content in honest.members.items():
        offset += 30 + len(name)
        for place in places(content):
            with pytest.raises(ArchiveFaulty, match=name.replace(".", r"\.")):
                unpack_stored(flipped(data, offset + place))
        offset += len(content)


def test_the_whole_command_notices_flipped_bytes_of_the_zip(honest: Maker, tmp_path: Path) -> None:
    data, file = honest.zip(), tmp_path / "b.zip"
    for place in range(0, len(data), 5003):
        file.write_bytes(flipped(data, place))
        code, said = checked_file(file, honest.key)
        assert (code, said[-1][:4]) == (1, "FAIL")


def test_a_flipped_byte_of_any_member_fails_and_names_it(honest: Maker) -> None:
    assert difference(honest.members, honest.key) == ""
    for name, content in honest.members.items():
        for place in places(content):
            found = difference({**honest.members, name: flipped(content, place)}, honest.key)
            assert name in found if name != "MANIFEST.json" else found, (name, place, found)


def test_a_file_altered_in_a_folder_fails_and_is_named(honest: Maker, tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "b", honest.members)
    (folder / "framework.json").write_bytes(flipped(honest.members["framework.json"], 1000))
    code, said = checked_file(folder, honest.key)
    assert (code, said[-1].split()[:3]) == (1, ["FAIL", "manifest", "framework.json"])


def test_a_flipped_byte_of_the_printed_scorecard_fails(honest: Maker, tmp_path: Path) -> None:
    data, file = honest.pdf(), tmp_path / "card.pdf"
    last_line = data.rindex(b"%scorecard-seal")
    for place in sorted({*range(0, last_line, 1009), *range(last_line, len(data))}):
        file.write_bytes(flipped(data, place))
        assert checked_file(file, honest.key)[0] == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"x" + data,
        lambda data: data + b"x",
        lambda data: data[:-1],
        lambda data: data[:-22] + data[-22:-2] + b"\x01\x00c",
        lambda data: data[: len(data) // 2],
        lambda data: data + data,
        lambda data: data[:-22] + b"gap" + data[-22:],
    ],
)
def test_bytes_before_between_or_after_the_members_fail(honest: Maker, spoil: object) -> None:
    with pytest.raises(ArchiveFaulty):
        unpack_stored(spoil(honest.zip()))  # type: ignore[operator]


@pytest.mark.slow
def test_a_byte_changed_together_with_its_digests_still_fails_wherever_it_matters(honest: Maker) -> None:
    for name, content in honest.members.items():
        if name in ("MANIFEST.json", "README.txt", "scorecard.json"):
            continue
        for place in places(content)[:: max(1, len(places(content)) // 12)]:
            assert difference(rehashed({**honest.members, name: flipped(content, place)}), honest.key), (name, place)


def test_a_zip_reads_back_in_its_order(honest: Maker) -> None:
    assert list(unpack_stored(honest.zip()).items()) == list(honest.members.items())
    assert unpack_stored(pack_stored({})) == {}
