"""One honest bundle for the whole room."""

from __future__ import annotations

import pytest

from tests.verifier.bundles import Maker


@pytest.fixture(scope="session")
def honest() -> Maker:
    """A complete bundle that nobody tampered with; never change its members in place."""
    return Maker()
