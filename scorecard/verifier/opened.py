"""Opening a bundle: members, manifest, and the strictly parsed documents that every later check reads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional

from evaluations.strict_json import StrictJSONError, parse_json
from scorecard.ledger.canonical import NotCanonical, canonical_bytes, digest_bytes

from .archive import LARGEST_ARCHIVE, ArchiveFaulty, unpack_stored
from .pdf_file import PdfAltered, check_seal_line, embedded_bundle

MOST_FILES = 65000
MANIFEST = "MANIFEST.json"
PRINTED = "scorecard.pdf"


class Difference(ValueError):
    """The first thing that contradicts; the text names the place."""


@dataclass
class Opened:
    """A bundle whose parts have been read; filled by the checks in their order."""

    members: Dict[str, bytes]
    file_digest: str = ""
    printed: Optional[bytes] = None
    snapshot: Dict[str, Any] = field(default_factory=dict)
    sealed: Dict[str, Any] = field(default_factory=dict)
    framework: Dict[str, Any] = field(default_factory=dict)
    entries: List[Dict[str, Any]] = field(default_factory=list)
    head: str = ""
    origin: str = ""
    size: int = 0
    signer: Optional[str] = None
    undecided: List[str] = field(default_factory=list)

    def strict(self, path: str) -> Any:
        """Return a member parsed strictly; it must be in canonical form. Raises Difference."""
        if path not in self.members:
            raise Difference("%s is missing" % path)
        try:
            value = parse_json(self.members[path])
            exact = canonical_bytes(value) == self.members[path]
        except StrictJSONError as error:
            raise Difference("%s: %s" % (path, error.message)) from None
        except NotCanonical as error:
            raise Difference("%s: %s" % (path, error)) from None
        if not exact:
            raise Difference("%s is not in canonical form" % path)
        return value


def exactly(value: Any, keys: str, where: str) -> None:
    """Raise Difference unless `value` is an object with exactly the keys, given as words."""
    if not isinstance(value, dict) or sorted(value) != sorted(keys.split()):
        raise Difference("%s does not have exactly the fields %s" % (where, ", ".join(keys.split())))


def _within_limits(size: int, what: str) -> None:
    if size > LARGEST_ARCHIVE:
        raise Difference("%s is larger than %d bytes" % (what, LARGEST_ARCHIVE))


def _read_folder(folder: Path) -> Dict[str, bytes]:
    files, total = [], 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Difference("%s is a link or a device, not a file" % name)
        if path.is_file():
            files.append((name, path))
            total += path.stat().st_size
        if len(files) > MOST_FILES:
            raise Difference("the folder holds more than %d files" % MOST_FILES)
        _within_limits(total, "the folder")
    return {name: path.read_bytes() for name, path in files}


def open_path(path: Path, key: Optional[str]) -> Opened:
    """Read a folder, a zip or a printed scorecard. Raises Difference naming what is wrong with the file itself."""
    if path.is_dir():
        return Opened(_read_folder(path))
    _within_limits(path.stat().st_size, "the file")
    data = path.read_bytes()
    file_digest = hashlib.sha256(data).hexdigest()
    try:
        if data[:5] != b"%PDF-":
            if b"PK\x03\x04" not in data and b"PK\x05\x06" not in data:
                raise Difference("this file is neither a bundle (.zip), a printed scorecard (.pdf) nor a part of one")
            return Opened(unpack_stored(data), file_digest=file_digest)
        check_seal_line(data, key)
        return Opened(unpack_stored(embedded_bundle(data)), file_digest=file_digest, printed=data)
    except (PdfAltered, ArchiveFaulty) as fault:
        raise Difference(str(fault)) from None


def check_manifest(opened: Opened) -> str:
    """Check that the manifest lists every member and nothing else, once, with its digest and size."""
    manifest = opened.strict(MANIFEST)
    exactly(manifest, "schema number version digest members", MANIFEST)
    if manifest["schema"] != "bundle/1":
        raise Difference("MANIFEST.json is not a bundle/1 manifest")
    for row in manifest["members"]:
        exactly(row, "path sha256 bytes", "MANIFEST.json: a member")
    paths = [row["path"] for row in manifest["members"]]
    for path in sorted(set(opened.members) - {MANIFEST, *paths}):
        raise Difference("%s is not listed in MANIFEST.json" % path)
    for row in manifest["members"]:
        data = opened.members.get(row["path"])
        if data is None:
            raise Difference("%s is missing" % row["path"])
        if digest_bytes(data) != row["sha256"] or len(data) != row["bytes"]:
            raise Difference("%s was altered: its digest is not the one in MANIFEST.json" % row["path"])
    in_zip = bool(opened.file_digest)
    if len(set(paths)) != len(paths) or (in_zip and list(opened.members) != [MANIFEST, *paths]):
        raise Difference("MANIFEST.json does not list every member once, in the order of the archive")
    return "%d members, each with the digest that the manifest states" % len(paths)


def informing_path(row: Dict[str, Any]) -> str:
    """Return where the bytes of an informing document stand."""
    return "informing/%s.json" % row["id"]


def _expected_paths(opened: Opened) -> List[str]:
    """Return every path that belongs into this bundle, in the bundle's fixed order."""
    paths = ["scorecard.json", "sealed.json", "framework.json"]
    for item in opened.snapshot["evidence"]:
        scores = "runs/%s/scores.csv" % item["run"]
        paths += ["runs/%s/report.json" % item["run"], *([scores] if scores in opened.members else [])]
    paths += [informing_path(row) for row in opened.snapshot.get("informing", [])]
    paths += ["ledger/entries.jsonl", "ledger/head.txt", *([PRINTED] if PRINTED in opened.members else [])]
    return [*paths, "verify.py", "README.txt"]


def _check_paths(opened: Opened, listed: List[str]) -> None:
    expected = _expected_paths(opened)
    for path in listed:
        if path not in expected:
            raise Difference("%s does not belong into a bundle" % path)
    for path in expected:
        if path not in opened.members:
            raise Difference("%s is missing" % path)
    if listed != expected:
        raise Difference("MANIFEST.json lists the members in another order than the product")


def check_documents(opened: Opened) -> str:
    """Check the canonical form of the documents, that their digests name each other, and that nothing else is there."""
    opened.snapshot, opened.sealed = opened.strict("scorecard.json"), opened.strict("sealed.json")
    opened.framework = opened.strict("framework.json")
    manifest, snapshot_digest = opened.strict(MANIFEST), digest_bytes(opened.members["scorecard.json"])
    exactly(opened.sealed, "schema snapshot digest signatures sealed ledger", "sealed.json")
    if opened.snapshot["schema"] != "scorecard-snapshot/1" or opened.sealed["schema"] != "sealed-card/1":
        raise Difference("scorecard.json or sealed.json has an unknown schema")
    sealed_snapshot = canonical_bytes(opened.sealed["snapshot"])
    if opened.sealed["digest"] != snapshot_digest or sealed_snapshot != opened.members["scorecard.json"]:
        raise Difference("sealed.json seals another record than scorecard.json")
    if opened.snapshot["framework"]["digest"] != digest_bytes(opened.members["framework.json"]):
        raise Difference("framework.json is not the framework that scorecard.json names")
    for name in ("slug", "version", "title"):
        if opened.snapshot["framework"][name] != opened.framework[name]:
            raise Difference("scorecard.json: the framework's %s is not the one of framework.json" % name)
    named = (manifest["number"], manifest["version"], manifest["digest"])
    if named != (opened.snapshot["number"], opened.snapshot["version"], snapshot_digest):
        raise Difference("MANIFEST.json names another scorecard than scorecard.json")
    runs = [item["run"] for item in opened.snapshot["evidence"]]
    if runs != sorted(set(runs)):
        raise Difference("scorecard.json: its evidence is not one row a run, in order")
    documents = [row["id"] for row in opened.snapshot.get("informing", [])]
    if documents != sorted(set(documents)):
        raise Difference("scorecard.json: informing is not one row a document, in order")
    _check_paths(opened, [row["path"] for row in manifest["members"]])
    framework = opened.snapshot["framework"]
    return "record %s, framework %s %s" % (snapshot_digest, framework["slug"], framework["version"])
