"""Tests of the public data sets are left out, and say so, on a machine that has none.

`pytest --without DEFENCE` runs what it is told to without that defence.
"""

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Where they are looked for unless GRAPEVINE_DATA says otherwise; what it says must be there."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without", action="append", default=[], metavar="DEFENCE",
        help="with a defence of `sim.scenario.defences` switched off: its test must fail",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    if names := config.getoption("--without"):
        from tests.without import switch_off

        switch_off(names)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "GRAPEVINE_DATA" in os.environ or BESIDE.is_dir():
        return
    away = pytest.mark.skip(reason=f"no public data sets in {BESIDE}; GRAPEVINE_DATA=DIR has them")
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(away)
