"""Artifacts of MLflow runs, such as the Inspect logs that an evaluation left beside its metrics; each is a log.

REST API 2.0: artifacts/list, paged by `next_page_token`. The bytes come from the server itself (`/get-artifact`),
because the store behind it may have other hosts and credentials.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from evaluations.logs.values import mapping, text_of, whole_number
from evaluations.pulling.offers import Item, Offers, PassedOver, faulty_key
from evaluations.pulling.patterns import matches
from evaluations.pulling.web import Web

LIST = "/api/2.0/mlflow/artifacts/list"
MOST_ARTIFACTS = 10_000
"""Files and folders of one run that are looked at."""
LONGEST_PATH = 1000


def artifacts_of(web: Web, base: str, run: dict[str, Any], pattern: str) -> Offers:
    """Offer the artifacts of an ended run whose path fits the pattern. Raises PullFailed."""
    info = mapping(run.get("info"))
    number = text_of(info.get("run_id")) or text_of(info.get("run_uuid"))
    if number is None:
        return
    folders, seen = [""], 0
    while folders:
        for entry in _listed(web, base, number, folders.pop()):
            seen += 1
            if seen > MOST_ARTIFACTS:
                words = f"Only the first {MOST_ARTIFACTS} artifacts of the run are looked at."
                yield PassedOver(f"{number}/", "too-many-artifacts", words)
                return
            path = text_of(entry.get("path"), limit=LONGEST_PATH)
            if path and entry.get("is_dir") is True:
                folders.append(path)
            elif path and matches(path, pattern):
                yield faulty_key(f"{number}/{path}") or _item(web, base, number, path, entry, info)


def _listed(web: Web, base: str, number: str, folder: str) -> Iterator[dict[str, Any]]:
    token, seen = "", {""}
    while True:
        asked = {"run_id": number, "path": folder, "page_token": token}
        query = urlencode({name: value for name, value in asked.items() if value})
        answer = mapping(web.document("GET", f"{base}{LIST}?{query}")[0])
        rows = answer.get("files")
        yield from (mapping(row) for row in (rows if isinstance(rows, list) else ()))
        token = text_of(answer.get("next_page_token"), limit=10_000) or ""
        if token in seen:
            return
        seen.add(token)


def _item(web: Web, base: str, number: str, path: str, entry: dict[str, Any], info: dict[str, Any]) -> Item:
    size = whole_number(entry.get("file_size"))
    query = urlencode({"path": path, "run_uuid": number})
    return Item(
        key=f"{number}/{path}",
        # The listing has neither a digest nor a time; a run that is taken up and ended again may have other bytes.
        fingerprint=f"size:{size} ended:{info.get('end_time')!s:.40}",
        name=path.rsplit("/", 1)[-1],
        fetch=lambda: web.chunks(f"{base}/get-artifact?{query}"),
        size=size,
    )
