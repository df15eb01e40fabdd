"""The client's version; client and server carry one version number."""

from __future__ import annotations

__version__ = "0.1.0"
