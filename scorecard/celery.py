"""The Celery application: a doorbell. What is to be done stands in Job rows; a lost message costs a few seconds."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scorecard.settings")


def transport_options() -> dict[str, Any]:
    """Options for the configured broker; the embedded file broker keeps its spool in the data folder."""
    if settings.BROKER_URL.startswith("filesystem"):
        folders = {name: settings.SPOOL_DIR / name for name in ("messages", "processed", "control")}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return {
            "data_folder_in": str(folders["messages"]),
            "data_folder_out": str(folders["messages"]),
            "processed_folder": str(folders["processed"]),
            "control_folder": str(folders["control"]),
            "store_processed": False,
            "polling_interval": 0.1,
        }
    if settings.BROKER_URL.startswith("redis"):
        return {"visibility_timeout": 660, "socket_timeout": 5, "socket_connect_timeout": 2}
    return {"confirm_publish": True}


app = Celery("scorecard")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options=transport_options(),
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=2,
    task_default_queue="scorecard",  # every message about a job names its queue; see evaluations.ringing
    task_acks_late=True,
    task_reject_on_worker_lost=False,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2},
    task_soft_time_limit=300,
    task_time_limit=330,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    enable_utc=True,
    timezone="UTC",
    imports=["scorecard.tasks", "scorecard.operating.beating"],
    beat_schedule={"reconcile": {"task": "scorecard.tasks.reconcile", "schedule": 10.0}},
)
