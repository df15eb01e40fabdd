"""A complete honest bundle, made without the product's database: the auditor's test object, to be tampered with.

`Maker` takes the place of a laboratory that writes the whole file itself, so a change made to one of its parts is
carried through every later digest, proof and signature: what an insider could do. `rehashed` is what an outsider can.
"""

from __future__ import annotations

import base64
import copy
import json
import zlib
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evaluations.estimates.reported import tally_of_report
from evaluations.estimates.scores import scores_to_csv
from evaluations.report import RunReport, canonical_report, score_rows
from scorecard.framework.document import canonical as canonical_framework
from scorecard.framework.document import load
from scorecard.framework.levels import indicate
from scorecard.ledger.canonical import canonical_bytes, digest, digest_bytes
from scorecard.ledger.entry import build_envelope, leaf_hash
from scorecard.ledger.merkle import inclusion_proof, merkle_root
from scorecard.ledger.note import head_text, key_id, signature_line, vkey
from scorecard.pdf.seal_line import with_seal_line
from scorecard.snapshot import SIDES, Determined, Parts, build
from scorecard.verifier.archive import pack_stored
from scorecard.verifier.build import source, verifier_digest
from scorecard.verifier.informing_checks import DOCUMENT_FACTS
from tests.house.places import ROOT

ORIGIN = "example.org/ledger"
NUMBER, VERSION, SUBJECT, CHECKPOINT = "PSC-2026-0007", 1, "atlas-2", "atlas-2-rc1"
FRAMEWORK_FILE = ROOT / "scorecard" / "framework" / "documents" / "preparedness-framework-beta.toml"
FRAMEWORK: dict[str, Any] = canonical_framework(load(FRAMEWORK_FILE.read_bytes()))
ADA = {"id": "usr_ada", "name": "Ada Zoë", "role": "preparedness"}
CHEN = {"id": "usr_chen", "name": "Chen", "role": "advisory_chair"}
DANA = {"id": "usr_dana", "name": "Dana", "role": "leadership"}
PIPELINE = {"kind": "token", "id": "tok_1", "name": "nightly pipeline"}
Change = Callable[[Any], Any]


def moment(minute: int) -> str:
    return f"2026-11-24T12:{minute:02d}:00.000000Z"


def _report(slug: str, metric: str, mitigation: str, **content: Any) -> dict[str, Any]:
    return {
        "schema": "run-report/1",
        "run_id": f"{slug}-{mitigation}",
        "subject": SUBJECT,
        "checkpoint": CHECKPOINT,
        "mitigation": mitigation,
        "evaluation": {"slug": slug, "version": "2026-03"},
        "metric": metric,
        "elicitation": {"adequate": True},
        "provenance": {"source": "nightly pipeline", "quality": "measured"},
        **content,
    }


def _samples() -> list[dict[str, Any]]:
    rows = [{"id": f"case-{number:02d}", "score": float(number % 3 == 0)} for number in range(30)]
    failed = {"id": "case-30", "status": "error"}
    return [*rows, {"id": "case-31", "attempt": 1, "score": 0.25, "cluster": "shared"}, failed]


def honest_reports() -> list[dict[str, Any]]:
    """One report of each form, on both sides, and one figure that is only shown."""
    return [
        _report("ctf-professional", "pass@12", "post_mitigation", tally={"successes": 13, "trials": 110}),
        _report("ctf-professional", "pass@12", "pre_mitigation", tally={"successes": 21, "trials": 110}),
        _report(
            "multimodal-troubleshooting-virology", "cons@32", "post_mitigation", unit="percent",
            estimate={"value": 59.0, "trials": 350, "stderr": 3.5},
        ),
        _report("swe-bench-verified", "pass@1", "post_mitigation", samples=_samples(), planned_samples=35),
        _report("makemesay", "win_rate", "post_mitigation", estimate={"value": 0.42, "qualifier": "~"}),
    ]  # fmt: skip


def _item(run: str, report: dict[str, Any], rows: list[Any]) -> dict[str, Any]:
    tally = tally_of_report(report, rows, frozenset(FRAMEWORK["policy"]["missing_statuses"]))
    estimate, counted = report.get("estimate", {}), report.get("tally", {})
    trials = estimate.get("trials", counted.get("trials"))
    shown = float(estimate["value"]) if estimate else tally.total / tally.scored  # type: ignore[union-attr]
    return {
        "run": run, "digest": digest(report), "revision": 1, "native_id": report["run_id"],
        "evaluation": report["evaluation"]["slug"], "version": report["evaluation"].get("version"),
        "dataset_digest": None, "stratum": report["evaluation"].get("stratum"), "metric": report["metric"],
        "unit": report["unit"], "checkpoint": report["checkpoint"], "mitigation": report["mitigation"],
        "applies": "direct", "tested_at": report.get("started_at") or moment(3),
        "form": "tally" if counted else "estimate" if estimate else "samples",
        "tally": tally.to_dict() if tally else None, "value": shown, "qualifier": estimate.get("qualifier", "="),
        "reported_n": str(trials) if trials else None, "elicitation_adequate": report["elicitation"].get("adequate"),
        "quality": report["provenance"].get("quality"), "source": report["provenance"]["source"],
        "scaffold": report["elicitation"].get("scaffold"), "printed": report.get("reported"),
    }  # fmt: skip


def document_bytes(number: int) -> bytes:
    """An evidence document as it was posted; the verifier never reads what it says."""
    return b'{"schema": "refusals/1", "id": "pair %d"}' % number


def an_informing_row(number: int) -> dict[str, Any]:
    """What the record says of a document that informs the card."""
    return {
        "id": f"evd_{number}", "kind": "refusals/1", "kind_title": "Unsafe answers beside over-refusal",
        "title": "Refusals", "native_id": f"pair {number}", "version": None, "revision": 1,
        "digest": digest({"pair": number}), "raw_digest": digest_bytes(document_bytes(number)),
        "checkpoints": [CHECKPOINT], "mitigation": "post_mitigation", "category": None, "section": "safety",
        "source": "partner", "received_at": moment(4), "summary": "Standard refusal: not unsafe 0.980.",
        "figures": [{"name": "not unsafe", "figure": "98%", "interval": "95% to 99.2%", "n": "196 of 200"}],
    }  # fmt: skip


def _unchanged(value: Any) -> None:
    return None


class Maker:
    """Makes a bundle. Each `on_...` may change a part in place before everything later is made from it."""

    on_reports: Change = staticmethod(_unchanged)
    on_evidence: Change = staticmethod(_unchanged)
    informing: int = 0
    on_snapshot: Change = staticmethod(_unchanged)
    on_signatures: Change = staticmethod(_unchanged)
    on_deeds: Change = staticmethod(_unchanged)
    on_sealed: Change = staticmethod(_unchanged)
    on_cited: Change = staticmethod(_unchanged)
    levels: dict[tuple[str, str], str] = {}
    framework: dict[str, Any] = FRAMEWORK

    def __init__(self, *, seed: int = 1, **changes: Any) -> None:
        for name, change in changes.items():
            assert hasattr(self, name), name
            setattr(self, name, change)
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self.private.public_key().public_bytes_raw()
        self.key = vkey(ORIGIN, self.public)
        self.envelopes: list[dict[str, Any]] = []
        self.members = self._members()

    def sign_file(self, hexdigest: str) -> str:
        signature = self.private.sign(b"scorecard-seal/1\n" + hexdigest.encode() + b"\n")
        return f"{ORIGIN} {base64.b64encode(key_id(ORIGIN, self.public) + signature).decode()}"

    def head(self, size: int | None = None) -> str:
        leaves = [leaf_hash(envelope) for envelope in self.envelopes][:size]
        text = head_text(ORIGIN, len(leaves), merkle_root(leaves))
        return f"{text}\n{signature_line(ORIGIN, key_id(ORIGIN, self.public), self.private.sign(text.encode()))}"

    def _evidence(self) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
        evidence, members = [], {}
        posted = honest_reports()
        self.on_reports(posted)
        for number, raw in enumerate(posted):
            parsed, run = RunReport.model_validate_json(json.dumps(raw)), f"run_{number}"
            report, rows = canonical_report(parsed), score_rows(parsed)
            members[f"runs/{run}/report.json"] = canonical_bytes(report)
            if parsed.samples is not None:
                members[f"runs/{run}/scores.csv"] = scores_to_csv(rows)
            evidence.append(_item(run, report, rows))
        self.on_evidence(evidence)
        return evidence, members

    def _snapshot(self, evidence: list[dict[str, Any]]) -> dict[str, Any]:
        assessments, determinations = {}, {}
        for category in (row["slug"] for row in self.framework["categories"]):
            for side in SIDES:
                result = indicate(self.framework, category, side, evidence)
                assessments[category, side] = result
                level = self.levels.get((category, side), result["indicated_level"] or "low")
                determinations[category, side] = Determined(level, "Judged.", ADA, moment(10), digest(result))
        built = build(
            Parts(
                number=NUMBER, version=VERSION, title="Atlas 2", subject={"slug": SUBJECT, "name": "Atlas 2"},
                checkpoint=CHECKPOINT, framework_digest=digest(self.framework), document=self.framework,
                data_cutoff=moment(5), replaces=None, authors=[ADA], applicability=[], evidence=evidence,
                assessments=assessments, determinations=determinations, software={"name": "test", "version": "1"},
                informing=[an_informing_row(number) for number in range(self.informing)],
            )
        )  # fmt: skip
        snapshot = copy.deepcopy(built)  # it shares parts with the framework
        self.on_snapshot(snapshot)
        return snapshot

    def _signatures(self, record: str) -> list[dict[str, Any]]:
        signatures = [
            {
                "id": f"sig_{number}", "number": NUMBER, "version": VERSION, "digest": record,
                "signer": {"id": who["id"], "name": who["name"]}, "role": who["role"], "meaning": meaning, "reason": "",
                "at": moment(20 + number), "authentication": "password", "attestation": f"I, {who['name']}, sign.",
            }
            for number, (who, meaning) in enumerate([(CHEN, "recommends"), (DANA, "approves")])
        ]  # fmt: skip
        self.on_signatures(signatures)
        return signatures

    def _deeds(self, snapshot: dict[str, Any], signatures: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Every ledger entry as {kind, subject, data, actor, at}; the first and third are about something else."""
        card, record = {"number": NUMBER, "version": VERSION, "digest": digest(snapshot)}, ("scorecard", "card_1")
        names = ("digest", "revision", "native_id", "evaluation", "stratum", "checkpoint", "mitigation")
        published = {name: snapshot["framework"][name] for name in ("slug", "version", "digest")}
        deeds = [
            ("token.issued", ("token", "tok_1"), {"prefix": "psc_1"}, None, 0),
            ("framework.published", ("framework", "fw_1"), published, None, 1),
            ("token.issued", ("token", "tok_2"), {"prefix": "psc_2"}, None, 2),
            *[
                ("run.received", ("run", item["run"]), {name: item[name] for name in names}, PIPELINE, 3)
                for item in snapshot["evidence"]
            ],
            *[
                ("evidence.received", ("evidence", row["id"]),
                 {**{name: row[name] for name in DOCUMENT_FACTS}, "raw": row["raw_digest"]}, PIPELINE, 4)
                for row in snapshot.get("informing", [])
            ],
            ("signoff.requested", record, {**card, "role": "preparedness"}, ADA, 11),
            *[
                ("signoff.signed", record,
                 {**card, "signature": digest(row), **{name: row[name] for name in ("id", "role", "meaning")}},
                 row["signer"], int(row["at"][14:16]))
                for row in signatures
            ],
            ("scorecard.sealed", record,
             {**card, "framework": published["digest"], "signatures": [digest(row) for row in signatures],
              "expires_at": moment(59), "verifier": verifier_digest(), "role": DANA["role"]}, DANA, 30),
        ]  # fmt: skip
        rows = [
            {"kind": kind, "subject": subject, "data": data, "actor": actor, "at": moment(minute)}
            for kind, subject, data, actor, minute in deeds
        ]
        self.on_deeds(rows)
        return rows

    def _append(self, deed: dict[str, Any]) -> None:
        actor = deed["actor"] or {"kind": "system", "id": "system", "name": "Scorecard"}
        self.envelopes.append(
            build_envelope(
                log=ORIGIN, seq=len(self.envelopes),
                prev=f"sha256:{leaf_hash(self.envelopes[-1]).hex()}" if self.envelopes else None, at=deed["at"],
                actor={"kind": actor.get("kind", "person"), "id": actor["id"], "name": actor["name"]},
                kind=deed["kind"], subject=dict(zip(("type", "id"), deed["subject"], strict=True)), data=deed["data"],
            )
        )  # fmt: skip

    def proof(self, seq: int) -> list[str]:
        return [part.hex() for part in inclusion_proof([leaf_hash(row) for row in self.envelopes], seq)]

    def _sealed(self, snapshot: dict[str, Any], signatures: list[dict[str, Any]]) -> dict[str, Any]:
        seal = next(row for row in reversed(self.envelopes) if row["kind"] == "scorecard.sealed")
        sealed = {
            "schema": "sealed-card/1", "snapshot": snapshot, "digest": digest(snapshot), "signatures": signatures,
            "sealed": {"by": DANA, "at": seal["at"], "expires_at": moment(59)},
            "ledger": {"seq": seal["seq"], "leaf": leaf_hash(seal).hex(), "proof": self.proof(seal["seq"]),
                       "size": len(self.envelopes), "head": self.head()},
        }  # fmt: skip
        self.on_sealed(sealed)
        return sealed

    def _members(self) -> dict[str, bytes]:
        evidence, runs = self._evidence()
        snapshot = self._snapshot(evidence)
        signatures = self._signatures(digest(snapshot))
        for deed in self._deeds(snapshot, signatures):
            self._append(deed)
        cited = [
            {"envelope": row, "proof": self.proof(row["seq"])}
            for row in self.envelopes
            if row["kind"] != "token.issued"
        ]
        self.on_cited(cited)
        return rehashed(
            {
                "scorecard.json": canonical_bytes(snapshot),
                "sealed.json": canonical_bytes(self._sealed(snapshot, signatures)),
                "framework.json": canonical_bytes(self.framework),
                **runs,
                **{f"informing/evd_{number}.json": document_bytes(number) for number in range(self.informing)},
                "ledger/entries.jsonl": b"".join(canonical_bytes(row) + b"\n" for row in cited),
                "ledger/head.txt": self.head().encode(),
                "verify.py": source().encode(),
                "README.txt": b"Check it.\n",
            }
        )

    def zip(self) -> bytes:
        return pack_stored(self.members)

    def pdf(self, *, compressed: bool = True, bundle: bytes | None = None) -> bytes:
        return with_seal_line(printed(self.zip() if bundle is None else bundle, compressed=compressed), self.sign_file)

    def with_pdf(self, pdf: bytes | None = None) -> dict[str, bytes]:
        """The bundle that also holds the printed scorecard."""
        members = {path: data for path, data in self.members.items() if path != "MANIFEST.json"}
        tail = {path: members.pop(path) for path in ("verify.py", "README.txt")}
        return rehashed({**members, "scorecard.pdf": self.pdf() if pdf is None else pdf, **tail})


def rehashed(members: dict[str, bytes]) -> dict[str, bytes]:
    """Return the members under a manifest that fits them."""
    rest = {path: data for path, data in members.items() if path != "MANIFEST.json"}
    record = json.loads(rest["scorecard.json"])
    manifest = {
        "schema": "bundle/1", "number": record["number"], "version": record["version"],
        "digest": digest_bytes(rest["scorecard.json"]),
        "members": [{"path": path, "sha256": digest_bytes(data), "bytes": len(data)} for path, data in rest.items()],
    }  # fmt: skip
    return {"MANIFEST.json": canonical_bytes(manifest), **rest}


def printed(bundle: bytes, *, compressed: bool) -> bytes:
    """Return the smallest PDF-like file that carries the bundle as an attachment."""
    content = zlib.compress(bundle) if compressed else bundle
    filter_ = b"/Filter /FlateDecode " if compressed else b""
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n2 0 obj\n<< " + filter_
        + b"/Length %d /Type /EmbeddedFile >>\nstream\n" % len(content) + content + b"\nendstream\nendobj\n"
        + b"3 0 obj\n<< /Type /EmbeddedFile /Length 4 >>\nstream\na,b\n\nendstream\nendobj\n%%EOF\n"
    )  # fmt: skip


def edited(members: dict[str, bytes], path: str, change: Change) -> dict[str, bytes]:
    """Return the members with one JSON member changed in place, and everything that can be rehashed without a key."""
    value = json.loads(members[path])
    change(value)
    changed = {**members, path: canonical_bytes(value)}
    if path == "scorecard.json":
        sealed = json.loads(changed["sealed.json"])
        sealed["snapshot"], sealed["digest"] = value, digest(value)
        changed["sealed.json"] = canonical_bytes(sealed)
    return rehashed(changed)
