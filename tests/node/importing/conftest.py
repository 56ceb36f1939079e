"""Files to import, and what became of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node.importing.reader import ImportOptions, ImportResult, read_import
from node.importing.rows import Reject

TODAY = 20_700

ImportText = Callable[..., tuple[ImportResult, list[Reject]]]


@pytest.fixture
def import_text(tmp_path: Path) -> ImportText:
    """Import a file of this name and content; returns the result and the rejects."""

    def run(name: str, content: str | bytes, **options: Any) -> tuple[ImportResult, list[Reject]]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        rejects: list[Reject] = []
        result = read_import(path, ImportOptions(today=TODAY, **options), reject=rejects.append)
        assert result.rejected == len([r for r in rejects if r.file == name])
        accounted = len(result.rows) + result.repeated + result.others + result.rejected
        assert result.read == accounted
        return result, rejects

    return run
