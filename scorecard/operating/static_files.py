"""Static files under names that carry their content, compressed once when they are collected."""

from __future__ import annotations

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class GzippedManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # the package has no types
    """Without Brotli, because compressing the schema browser with it takes longer than the rest of the first start."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """Return a compressor that writes gzip only."""
        return super().create_compressor(use_brotli=False, **kwargs)
