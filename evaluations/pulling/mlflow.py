"""An MLflow tracking server, over its REST API: every ended run becomes one log, as the server describes it.

REST API 2.0: experiments/search and runs/search, both paged by `next_page_token`. Where the source says so, artifacts
of the runs are logs too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from evaluations.canonical import named_digest
from evaluations.logs.values import listing, mapping, text_of
from evaluations.pulling.mlflow_artifacts import artifacts_of
from evaluations.pulling.offers import Item, Offer, Offers, PassedOver, PullFailed, Visit, at_once
from evaluations.pulling.web import Web, WebOptions

API = "/api/2.0/mlflow"
PAGE = 200
MOST_PAGES = 5_000
BATCH = 50
"""Experiments asked of in one search."""


class MlflowOptions(WebOptions):
    """What can be said of an MLflow server."""

    experiments: list[str] = Field(default=[], max_length=500)
    """Names of experiments; empty means all active ones."""
    filter: str = ""
    """MLflow's own filter of runs, e.g. `tags.suite = 'ctf'`."""
    statuses: list[str] = Field(default=["FINISHED", "FAILED", "KILLED"], min_length=1, max_length=5)
    """Runs in another status are looked at again later."""
    artifacts: str = ""
    """Which artifacts of the runs are logs too, e.g. `*.eval`; empty means none."""


def _pages(web: Web, url: str, body: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of every page. Raises PullFailed for an answer of another kind, and for tokens without end."""
    token, seen = "", set()
    for _ in range(MOST_PAGES):
        answer, _ = web.document("POST", url, json={**body, **({"page_token": token} if token else {})})
        if not isinstance(answer, dict) or not isinstance(answer.get(name, []), list):
            words = f"The answer has no list of {name}."
            raise PullFailed("answer-unexpected", words, remedy="Check that this is an MLflow tracking server.")
        yield from (mapping(row) for row in answer.get(name, []))
        token = text_of(answer.get("next_page_token"), limit=10_000) or ""
        if not token:
            return
        if token in seen:
            break
        seen.add(token)
    raise PullFailed("pages-without-end", f"The pages of {name} do not end.", remedy="Narrow the option filter.")


def _experiments(web: Web, base: str, names: list[str]) -> list[str]:
    rows = list(_pages(web, f"{base}{API}/experiments/search", {"max_results": PAGE}, "experiments"))
    known = {text_of(row.get("name"), limit=1000): text_of(row.get("experiment_id")) for row in rows}
    if missing := sorted(set(names) - set(filter(None, known))):
        words = f"There is no active experiment {missing[0][:200]!r}."
        raise PullFailed("experiment-unknown", words, remedy="Check the option experiments.")
    return [number for name, number in known.items() if number and (not names or name in names)]


def _by_key(row: Any) -> tuple[str, float]:
    step = mapping(row).get("step")
    return str(mapping(row).get("key")), step if isinstance(step, int | float) else 0


def document_of(run: dict[str, Any]) -> bytes:
    """Return the log of a run: what runs/get would answer. The server's order of rows means nothing, so it is ours."""
    data = mapping(run.get("data"))
    ordered = {name: sorted(listing(rows), key=_by_key) for name, rows in data.items() if isinstance(rows, list)}
    return json.dumps({"run": {**run, "data": {**data, **ordered}}}, sort_keys=True, ensure_ascii=False).encode()


def _offer(run: dict[str, Any], statuses: list[str], most: int) -> Offer:
    info = mapping(run.get("info"))
    key = text_of(info.get("run_id")) or text_of(info.get("run_uuid"))
    if key is None:
        return PassedOver("?", "run-without-id", "The server names no id of this run.")
    status = text_of(info.get("status")) or "unknown"
    if status not in statuses:
        return PassedOver(key, "not-settled", f"The run's status is {status[:40]}.")
    try:
        document = document_of(run)
    except UnicodeEncodeError:
        return PassedOver(key, "not-utf-8", "The run holds text that is not UTF-8.")
    if len(document) > most:
        return PassedOver(key, "too-large", f"The run has more than {most} bytes.")
    digest = named_digest(document)
    return Item(
        key=key, fingerprint=digest, name=f"{key}.json", fetch=lambda: at_once(document), size=len(document),
        digest=digest,
    )  # fmt: skip


def items(visit: Visit) -> Offers:
    """Offer the ended runs of the server's experiments. Raises PullFailed."""
    options, base = visit.options, visit.address.rstrip("/")
    web = visit.held.enter_context(Web(visit))
    numbers = _experiments(web, base, options.experiments)
    for start in range(0, len(numbers), BATCH):
        body = {"experiment_ids": numbers[start : start + BATCH], "max_results": PAGE, "filter": options.filter}
        for run in _pages(web, f"{base}{API}/runs/search", body, "runs"):
            offer = _offer(run, options.statuses, visit.most_bytes)
            yield offer
            if options.artifacts and isinstance(offer, Item):
                yield from artifacts_of(web, base, run, options.artifacts)
