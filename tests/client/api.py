"""A small real HTTP server that behaves like the API, failures included, and remembers what it was asked."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SECRET = "psc_abcdefgh_" + "s" * 43 + "_0badc0de"
PART_BYTES = 1000
Reply = tuple[int, dict[str, str], bytes]


def named(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def as_json(status: int, document: Any, **headers: str) -> Reply:
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return status, sent, json.dumps(document).encode()


def problem(status: int, code: str, detail: str, **more: Any) -> Reply:
    headers = more.pop("headers", {})
    document = {"type": f"/problems/{code}", "title": "", "status": status, "code": code, "detail": detail, **more}
    return as_json(status, document, **headers)


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Api:
    """What the server knows. `failures` are answered first, one for each request; None closes without an answer."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    failures: deque[Reply | None] = field(default_factory=deque)
    received: dict[str, Reply] = field(default_factory=dict)
    jobs: dict[str, deque[dict[str, Any]]] = field(default_factory=dict)
    job_list: list[dict[str, Any]] = field(default_factory=list)
    logs: dict[str, dict[str, Any]] = field(default_factory=dict)
    log_state: dict[str, Any] = field(default_factory=dict)
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[tuple[str, str], Reply] = field(default_factory=dict)
    gate: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Any] = field(default_factory=dict)

    def paths(self, method: str = "") -> list[str]:
        return [row.path for row in self.asked if not method or row.method == method]

    def answer(self, asked: Asked) -> Reply | None:
        self.asked.append(asked)
        if self.failures:
            return self.failures.popleft()
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return problem(401, "authentication-failed", "The token is unknown, expired or revoked; issue a new one.")
        steps = asked.path.removeprefix("/api/v1/").strip("/").split("/")
        route = getattr(self, f"_{asked.method.lower()}_{steps[0]}", None)
        if route is None:
            return problem(404, "not-found", "There is no such route.", remedy="See /api/docs/.")
        return route(asked, steps[1:])

    def _receive(self, asked: Asked, prefix: str, document: dict[str, Any], fingerprint: str) -> Reply:
        key = asked.headers["idempotency-key"]
        if key in self.received:
            status, headers, body = self.received[key]
            return status, {**headers, "Idempotency-Replayed": "true"}, body
        known = f"{prefix}:{fingerprint}" in self.received
        number = len(self.jobs) + 1
        row = {
            **document,
            "id": f"{prefix}_{number:026d}",
            "job": f"/api/v1/jobs/job_{number:026d}/",
            "links": self.links,
        }
        self.jobs.setdefault(f"job_{number:026d}", deque([{"state": "done"}]))
        reply = as_json(200 if known else 202, row)
        self.received[key] = self.received[f"{prefix}:{fingerprint}"] = reply
        return reply

    def _post_runs(self, asked: Asked, rest: list[str]) -> Reply:
        try:
            report = json.loads(asked.body)
        except ValueError:
            fault = {"pointer": "", "code": "json-malformed", "detail": "line 1 is not JSON", "remedy": "Repair it."}
            return problem(422, "json-malformed", "The body is not JSON.", errors=[fault])
        if report.get("tally", {}).get("successes", 0) > report.get("tally", {}).get("trials", 0):
            fault = {"pointer": "/tally/successes", "code": "more-successes-than-trials", "detail": "14 of 13"}
            return problem(
                422, "more-successes-than-trials", "More successes than trials.", remedy="Check both counts.",
                errors=[fault], headers={"X_Request_ID": "req-7"},
            )  # fmt: skip
        return self._receive(asked, "run", {"digest": named(asked.body), "revision": 1}, named(asked.body))

    def _post_logs(self, asked: Asked, rest: list[str]) -> Reply:
        return self._log(asked, asked.body, unquote(asked.headers["x-filename"]), asked.query)

    def _log(self, asked: Asked, data: bytes, name: str, binding: dict[str, str]) -> Reply:
        reply = self._receive(asked, "log", {"digest": named(data)}, named(data) + json.dumps(binding, sort_keys=True))
        identifier = json.loads(reply[2])["id"]
        found = {"id": identifier, "state": "read", "format": "inspect", "runs": [], "faults": [], "warnings": []}
        self.logs[identifier] = {**found, **self.log_state, "name": name, "binding": binding, "data": data}
        return reply

    def _get_logs(self, asked: Asked, rest: list[str]) -> Reply:
        return as_json(200, {key: value for key, value in self.logs[rest[0]].items() if key != "data"})

    def _post_uploads(self, asked: Asked, rest: list[str]) -> Reply:
        if not rest:
            order = json.loads(asked.body)
            identifier = f"upload_{len(self.uploads):026d}"
            self.uploads[identifier] = {"order": order, "parts": {}, "log": None}
            return self._upload(201, identifier)
        upload = self.uploads[rest[0]]
        data = b"".join(upload["parts"][number] for number in sorted(upload["parts"]))
        if named(data) != upload["order"]["digest"]:
            return problem(422, "digest-differs", "The parts are not the file.")
        asked.headers["idempotency-key"] = rest[0]
        binding = {key: value for key, value in upload["order"].items() if key not in ("bytes", "digest", "filename")}
        upload["log"] = "/api/v1/logs/x/"
        return self._log(asked, data, upload["order"]["filename"], binding)

    def _upload(self, status: int, identifier: str) -> Reply:
        upload = self.uploads[identifier]
        count = -(-upload["order"]["bytes"] // PART_BYTES)
        document = {"id": identifier, "part_bytes": PART_BYTES, "parts": count, "log": upload["log"]}
        return as_json(status, {**document, "received": sorted(upload["parts"])})

    def _put_uploads(self, asked: Asked, rest: list[str]) -> Reply:
        self.uploads[rest[0]]["parts"][int(rest[2])] = asked.body
        return self._upload(200, rest[0])

    def _get_uploads(self, asked: Asked, rest: list[str]) -> Reply:
        if rest[0] not in self.uploads:
            return problem(404, "not-found", "There is no such upload, or it is not visible to you.")
        return self._upload(200, rest[0])

    def _get_jobs(self, asked: Asked, rest: list[str]) -> Reply:
        if not rest:
            return as_json(200, {"results": self.job_list, "next": None})
        if rest[0] not in self.jobs:
            return problem(404, "not-found", "There is no such job, or it is not visible to you.")
        states = self.jobs[rest[0]]
        return as_json(200, {"id": rest[0], "kind": "measure", **(states.popleft() if len(states) > 1 else states[0])})

    def _get_scorecards(self, asked: Asked, rest: list[str]) -> Reply:
        if not rest:
            found = [card for card in self.cards.values() if card["checkpoint"] == asked.query["checkpoint"]]
            return as_json(200, {"results": found[-1:], "next": None})
        by_name = {name: card for card in self.cards.values()
                   for name in (card["number"], f"{card['number']}-v{card['version']}")}  # fmt: skip
        card = self.cards.get(rest[0]) or by_name.get(rest[0])
        if card is None:
            return problem(404, "not-found", "There is no such scorecard, or it is not visible to you.")
        if len(rest) == 1:
            return as_json(200, card)
        return self.documents.get((card["id"], rest[1])) or as_json(200, card)

    def _get_gate(self, asked: Asked, rest: list[str]) -> Reply:
        return as_json(200, {**asked.query, **self.gate})


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # because header and body in two packets would cost 40 ms each time

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = self.headers.get("Content-Length", "0")
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(length))
            reply = api.answer(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body))
            if reply is None:
                self.close_connection = True
                return
            status, sent, data = reply
            if sent.get("Content-Encoding") == "gzip":
                data = gzip.compress(data)
            self.send_response(status)
            for name, value in {**sent, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests quiet."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client hangs up, which is what some tests are about."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def served() -> Iterator[Api]:
    """Serve an Api on this machine for as long as a test needs it."""
    api = Api()
    server = _Server(("127.0.0.1", 0), _handler(api))
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
