"""The kinds of sources: how each is read, what can be said of it, and what its logs are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evaluations.models import SourceKind
from evaluations.pulling import bucket, datastore, feed, folder, mlflow
from evaluations.pulling.offers import Offers, Options, Visit
from evaluations.pulling.web import url_refused


@dataclass(frozen=True)
class Kind:
    """One kind of source."""

    options: type[Options]
    items: Callable[[Visit], Offers]
    refused: Callable[[str, Any, bool], str | None]
    """Address, options and whether there is a secret -> why this is no such source, or None."""
    format: str = "auto"
    """The log format of what it offers, unless its settings say otherwise."""


def _web_refused(address: str, options: Any, secret: bool) -> str | None:
    return url_refused(address, allow_private=options.allow_private, secret=secret)


def _bucket_refused(address: str, options: Any, secret: bool) -> str | None:
    return bucket.bucket_refused(address, options, secret=secret)


def _folder_refused(address: str, options: Any, secret: bool) -> str | None:
    return folder.root_refused(address)


def _datastore_refused(address: str, options: Any, secret: bool) -> str | None:
    if address.startswith("s3://"):
        return _bucket_refused(address, options, secret)
    return (
        _folder_refused(address, options, secret) if address.startswith("/") else _web_refused(address, options, secret)
    )


KINDS = {
    SourceKind.FOLDER.value: Kind(folder.FolderOptions, folder.items, _folder_refused),
    SourceKind.BUCKET.value: Kind(bucket.BucketOptions, bucket.items, _bucket_refused),
    SourceKind.MLFLOW.value: Kind(mlflow.MlflowOptions, mlflow.items, _web_refused, format="mlflow"),
    SourceKind.FEED.value: Kind(feed.FeedOptions, feed.items, _web_refused),
    SourceKind.EVERY_EVAL_EVER.value: Kind(
        datastore.DatastoreOptions, datastore.items, _datastore_refused, format="every-eval-ever"
    ),
}
