"""What the product is compared with: the usual way with a row per sample, and the least that anybody must do."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path

import zstandard
from django.db import connection, models, transaction
from rest_framework import serializers

PIECE = 1024 * 1024
BATCH = 100_000
"""Samples that the peer validates at once, so that its memory does not decide what is measured."""


class PeerSample(models.Model):
    """A row per sample, as most products keep them."""

    run = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    score = models.FloatField()

    class Meta:
        managed = False
        app_label = "benchmarks"
        db_table = "bench_peer_sample"

    def __str__(self) -> str:
        return self.name


class PeerSerializer(serializers.Serializer[PeerSample]):
    """The usual validation of one sample."""

    id = serializers.CharField(max_length=200)
    score = serializers.FloatField(min_value=0.0, max_value=1.0)


def prepare_peer() -> None:
    """Make the peer's table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_peer_sample "
            "(id INTEGER PRIMARY KEY, run TEXT NOT NULL, name TEXT NOT NULL, score REAL NOT NULL)"
        )


def serializer_and_bulk_create(raw: bytes) -> None:
    """Take a report in the usual way: parse, a serializer for each sample, rows in bulk, one transaction."""
    document = json.loads(raw)
    rows = document["samples"]
    with transaction.atomic():
        for start in range(0, len(rows), BATCH):
            checked = PeerSerializer(data=rows[start : start + BATCH], many=True)
            checked.is_valid(raise_exception=True)
            PeerSample.objects.bulk_create(
                [
                    PeerSample(run=document["run_id"], name=row["id"], score=row["score"])
                    for row in checked.validated_data
                ],
                batch_size=5_000,
            )


def kept_raw(raw: bytes, folder: Path) -> None:
    """Keep the bytes compressed, and their digest, durably: the least of taking anything in."""
    hashlib.sha256(raw).hexdigest()
    with (folder / "limit").open("wb") as file:
        file.write(zstandard.ZstdCompressor().compress(raw))
        file.flush()
        os.fsync(file.fileno())


def copied(path: Path, folder: Path) -> None:
    """Keep a stream of bytes as they come, and their digest, durably: the least of accepting a file."""
    hasher = hashlib.sha256()
    with path.open("rb") as stream, (folder / "limit").open("wb") as file:
        while piece := stream.read(PIECE):
            hasher.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def inflated_and_hashed(path: Path) -> int:
    """Inflate every member of an archive and hash the file: the least of reading an Inspect log. Returns bytes."""
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
        inflater, size = zstandard.ZstdDecompressor(), 0
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                file.seek(info.header_offset + 30 + len(info.filename))
                size += len(inflater.decompress(file.read(info.compress_size)))
    return size
