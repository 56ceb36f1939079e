"""What could not be read is there to be mended, and cannot fill the disk."""

import stat
from pathlib import Path

import pytest

from node.importing import rejects as rejects_module
from node.importing.rejects import RejectsFile, RejectsUnwritable
from node.importing.rows import Reject


def test_no_reject_no_file(tmp_path: Path):
    with RejectsFile(tmp_path, "x.csv") as rejects:
        pass
    assert rejects.path is None
    assert list(tmp_path.iterdir()) == []


def test_each_import_has_its_own_private_file(tmp_path: Path):
    for number in (1, 2):
        with RejectsFile(tmp_path, "../my file.csv") as rejects:
            rejects.add(Reject("my file.csv", 7, "no item", ",\udcff,\n3"))
        assert rejects.path == tmp_path / f".._my_file.csv.{number}.rejects"
        assert stat.S_IMODE(rejects.path.stat().st_mode) == 0o600
        assert rejects.path.read_text() == (
            "# line\treason\toriginal\nmy file.csv:7\tno item\t,\\udcff,\\n3\n"
        )


def test_the_file_stays_small_and_the_count_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rejects_module, "WRITTEN_MAX", 3)
    monkeypatch.setattr(rejects_module, "TEXT_CHARS_MAX", 5)
    with RejectsFile(tmp_path, "x") as rejects:
        for line in range(10):
            rejects.add(Reject("x", line, "bad", "y" * 100))
    assert rejects.count == 10
    assert rejects.path is not None
    written = rejects.path.read_text().splitlines()
    assert len(written) == 1 + 3
    assert written[1] == "x:0\tbad\tyyyyy"


def test_rejects_that_cannot_be_written_stop_the_import(tmp_path: Path, monkeypatch):
    reject = Reject("x.csv", 1, "no item", "")
    with RejectsFile(tmp_path / "gone", "x.csv") as rejects, pytest.raises(RejectsUnwritable):
        rejects.add(reject)
    monkeypatch.setattr(rejects_module, "FILES_MAX", 1)
    for allowed in (True, False):
        with RejectsFile(tmp_path, "x.csv") as rejects:
            if allowed:
                rejects.add(reject)
            else:
                with pytest.raises(RejectsUnwritable, match="1 files of x"):
                    rejects.add(reject)
