"""Tests of the public data sets are left out, and say so, on a machine that has none."""

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Where they are looked for unless GRAPEVINE_DATA says otherwise; what it says must be there."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "GRAPEVINE_DATA" in os.environ or BESIDE.is_dir():
        return
    away = pytest.mark.skip(reason=f"no public data sets in {BESIDE}; GRAPEVINE_DATA=DIR has them")
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(away)
