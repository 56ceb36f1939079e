"""The tables of SPEC.md, as tests read them."""

import re
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "protocol" / "SPEC.md"


def spec_table(heading: str) -> list[tuple[str, float]]:
    """(name, value) of all rows of the `name | value | meaning` tables below a heading."""
    text = SPEC.read_text("utf-8")
    section = re.split(r"^#+ ", text.split(f"{heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]
    rows = re.findall(r"^\| ([A-Za-z_.]+) \| ([0-9.]+) \| .+ \|$", section, flags=re.M)
    return [(name, float(value)) for name, value in rows]
