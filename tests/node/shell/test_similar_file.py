"""What was written comes back bit by bit; anything else is refused, said, and never used."""

import numpy as np
import pytest

from node.shell.similar_file import SimilarFile
from ranking.embedding import EmbeddingConfig
from ranking.similar import SimilarConfig
from ranking.similar_index import loaded, saved
from tests.ranking.test_similar_index import built, picture, seen, tastes

SEED, MAX = bytes(32), 50_000_000
PARTS = {
    "number": 7,
    "text": "ip",
    "yes": True,
    "one": np.arange(5, dtype=np.uint64),
    "none": np.empty(0, np.float32),
    "list": [np.array([1, 2, 3], np.int8), np.array([2**63 - 1])],
    "deep": {"array": np.full((3,), 1.5, np.float32), "big": 2**40},
}


def same(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes() and b.flags.writeable
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.fixture
def file(tmp_path):
    return SimilarFile(tmp_path / "similar", SEED, MAX)


def test_parts_come_back_as_they_were(file, tmp_path):
    assert file.read() is None
    assert file.told == "none"
    file.write(PARTS)
    assert same(PARTS, file.read())
    assert file.told.startswith("used, ")
    path = tmp_path / "similar"
    assert path.stat().st_mode & 0o777 == 0o600
    file.write({"number": 8})
    assert file.read() == {"number": 8}
    file.discard()
    assert file.read() is None


def test_any_other_bytes_are_refused(file, tmp_path):
    path = tmp_path / "similar"
    file.write(PARTS)
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    bad = [good[:n] for n in (0, 1, 40, len(good) // 2, len(good) - 1)]
    bad += [good + b"x", b"x" * len(good), good[8:] + good[:8]]
    for at in rng.choice(len(good), 200, replace=False).tolist():
        bad.append(good[:at] + bytes([good[at] ^ (1 << int(rng.integers(8)))]) + good[at + 1 :])
    for content in bad:
        path.write_bytes(content)
        assert file.read() is None
        assert file.told.startswith("not used: ")


def test_another_nodes_file_and_one_too_large_are_refused(file, tmp_path):
    file.write(PARTS)
    other = SimilarFile(tmp_path / "similar", b"\1" * 32, MAX)
    assert other.read() is None
    assert other.told == "not used: it is damaged, or another node's"
    small = SimilarFile(tmp_path / "similar", SEED, 100)
    assert small.read() is None
    assert small.told.startswith("not used: it has ")


def test_what_cannot_be_read_or_written_is_told(tmp_path):
    nowhere = SimilarFile(tmp_path / "missing" / "similar", SEED, MAX)
    nowhere.write(PARTS)
    assert nowhere.told.startswith("not written: ")
    directory = SimilarFile(tmp_path, SEED, MAX)
    assert directory.read() is None
    assert directory.told.startswith("not used: ")


def test_an_index_comes_back_through_it(file):
    config = SimilarConfig(embedding=EmbeddingConfig(dimensions=32))
    made = seen(tastes())
    index = built(made, config)
    file.write(saved(index))
    back = loaded(file.read(), config)
    placed = back.follow(picture(made))
    index.follow(picture(made))
    assert [back.near(placed, i, 10) for i in range(40)] == [
        index.near(placed, i, 10) for i in range(40)
    ]
