"""Small servers on this machine, one thread each, that answer as the sources of the product do."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass
class Asked:
    """One request as a server got it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What a server answers; `cut` closes the connection after so many bytes of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass
class Server:
    """A running server: its address, and everything it was asked."""

    url: str
    asked: list[Asked]

    def paths(self) -> list[str]:
        """Return the paths asked for, in their order."""
        return [one.path for one in self.asked]


@contextmanager
def serving(respond: Callable[[Asked], Answer]) -> Iterator[Server]:
    """Serve on a free port of the loopback address until the block ends."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Asked(self.command, unquote(parts.path), query, headers, self.rfile.read(length))
            asked.append(one)
            answer = respond(one)
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])

        do_GET = do_POST = do_HEAD = do_PUT = _answer

        def log_message(self, *ignored: Any) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *ignored: Any) -> None:
            """A client that goes away is no error here."""

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class Feed:
    """One document with an ETag, answered with 304 to whoever has it already."""

    body: bytes
    last_modified: str | None = None
    etag: bool = True
    full_answers: int = 0

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        tag = f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'
        headers = {**({"ETag": tag} if self.etag else {})}
        if self.last_modified:
            headers["Last-Modified"] = self.last_modified
        known = asked.headers.get("if-none-match") == tag if self.etag else False
        if known or (self.last_modified and asked.headers.get("if-modified-since") == self.last_modified):
            return Answer(304, headers=headers)
        self.full_answers += 1
        return Answer(200, self.body, headers)


@dataclass
class Bucket:
    """The part of S3 that the product needs: ListObjectsV2 in pages, PutObject, and GetObject with If-Match."""

    name: str
    objects: dict[str, bytes]
    page: int = 2
    broken: set[str] = field(default_factory=set)

    @staticmethod
    def etag(data: bytes) -> str:
        """Return the ETag of an object."""
        return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request in path style."""
        if "authorization" not in asked.headers:
            return self._error(403, "AccessDenied")
        bucket, _, key = asked.path.lstrip("/").partition("/")
        if bucket != self.name:
            return self._error(404, "NoSuchBucket")
        if asked.method == "PUT" and key:
            self.objects[key] = asked.body
            return Answer(200, headers={"ETag": self.etag(asked.body)})
        return self._get(key, asked.headers.get("if-match")) if key else self._list(asked.query)

    def _error(self, status: int, code: str) -> Answer:
        return Answer(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    def _get(self, key: str, wanted: str | None) -> Answer:
        data = self.objects.get(key)
        if data is None:
            return self._error(404, "NoSuchKey")
        if wanted not in (None, self.etag(data)):
            return self._error(412, "PreconditionFailed")
        cut = len(data) // 2 if key in self.broken else None
        return Answer(200, data, {"ETag": self.etag(data)}, cut=cut)

    def _list(self, query: dict[str, str]) -> Answer:
        keys = sorted(key for key in self.objects if key.startswith(query.get("prefix", "")))
        start = int(query.get("continuation-token", "0"))
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-20T00:00:00.000Z</LastModified>"
            f"<ETag>{escape(self.etag(self.objects[key]))}</ETag><Size>{len(self.objects[key])}</Size></Contents>"
            for key in keys[start : start + self.page]
        )
        more = start + self.page < len(keys)
        token = f"<NextContinuationToken>{start + self.page}</NextContinuationToken>" if more else ""
        return Answer(
            200,
            f"<ListBucketResult><Name>{self.name}</Name><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}"
            "</ListBucketResult>".encode(),
            {"Content-Type": "application/xml"},
        )


@dataclass
class Mlflow:
    """The two searches of an MLflow tracking server, in pages."""

    runs: dict[str, list[dict[str, Any]]]
    """Name of an experiment -> its runs."""
    page: int = 2
    token: str = ""
    artifacts: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Run id -> path of an artifact -> its bytes."""

    def __call__(self, asked: Asked) -> Answer:
        """Answer one search, listing or artifact."""
        if self.token and asked.headers.get("authorization") != f"Bearer {self.token}":
            return Answer(401, b"{}")
        body = json.loads(asked.body or b"{}")
        if asked.path == "/api/2.0/mlflow/experiments/search":
            rows = [{"experiment_id": str(at), "name": name} for at, name in enumerate(self.runs)]
            return self._paged("experiments", rows, body)
        if asked.path == "/api/2.0/mlflow/runs/search":
            wanted = [list(self.runs.values())[int(at)] for at in body["experiment_ids"]]
            return self._paged("runs", [run for runs in wanted for run in runs], body)
        said = asked.query
        if asked.path == "/api/2.0/mlflow/artifacts/list":
            return self._paged("files", self._folder(said["run_id"], said.get("path", "")), said)
        if asked.path == "/get-artifact" and (data := self.artifacts[said["run_uuid"]].get(said["path"])) is not None:
            return Answer(200, data)
        return Answer(404, b"{}")

    def _folder(self, run: str, folder: str) -> list[dict[str, Any]]:
        start = f"{folder}/" if folder else ""
        below = {path: data for path, data in self.artifacts.get(run, {}).items() if path.startswith(start)}
        names = dict.fromkeys(start + path[len(start) :].partition("/")[0] for path in below)
        return [
            {"path": name, "is_dir": False, "file_size": len(below[name])}
            if name in below
            else {"path": name, "is_dir": True}
            for name in names
        ]

    def _paged(self, name: str, rows: list[dict[str, Any]], body: dict[str, Any]) -> Answer:
        start = int(body.get("page_token", "0"))
        answer: dict[str, Any] = {name: rows[start : start + self.page]}
        if start + self.page < len(rows):
            answer["next_page_token"] = str(start + self.page)
        return Answer(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})


def mlflow_run(number: str, *, status: str = "FINISHED", accuracy: float = 0.5) -> dict[str, Any]:
    """Return a run as MLflow describes it."""
    return {
        "info": {"run_id": number, "experiment_id": "0", "status": status, "start_time": 1795451448436},
        "data": {
            "metrics": [{"key": "accuracy", "value": accuracy, "timestamp": 1795451448444, "step": 0}],
            "params": [{"key": "model", "value": "atlas-2-rc1"}],
            "tags": [{"key": "mlflow.runName", "value": "ctf"}],
        },
    }
