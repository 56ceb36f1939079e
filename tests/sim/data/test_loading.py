from pathlib import Path

import numpy as np
import pytest

from sim.data.formats import DataError
from sim.data.loading import ALLOWED, Files, load
from tests.sim.data.test_formats import written


class Folder:
    """Files with the parts' names, loaded together."""

    def __init__(self, root: Path, **texts: str) -> None:
        self.files = Files(**{name: written(root, text, name) for name, text in texts.items()})

    def load(self, *allow: str, timed: bool = False):
        return load(self.files, allow, timed=timed)

    def refused(self, allow: str = "") -> str:
        """What is told, and that the way out which is told works."""
        with pytest.raises(DataError) as caught:
            self.load()
        told = caught.value
        assert told.exit_code == 2
        assert told.hint == (f"to go on all the same: --allow {allow}" if allow else told.hint)
        if not allow:
            assert "--allow" not in told.hint
        return told.message


def test_all_parts_share_one_numbering(tmp_path) -> None:
    folder = Folder(
        tmp_path,
        train="10 7 5 6\n9 5 6\n2 7 9\n",
        test="9 7\n10 9\n",
        trust="9\t10\n10\t77\n",
        valid="2 5 6\n9 9\n",
        mask="2 5\n",
    )
    data = folder.load()
    assert data.people.name == ("2", "9", "10", "77")
    assert data.items.name == ("5", "6", "7", "9")
    assert data.test is not None
    assert data.trust is not None
    assert data.valid is not None
    assert data.mask is not None
    assert [*zip(data.test.user.tolist(), data.test.item.tolist(), strict=True)] == [(1, 2), (2, 3)]
    assert [*zip(data.trust.source, data.trust.target, strict=True)] == [(1, 2), (2, 3)]
    assert (len(data.train), len(data.valid), len(data.mask)) == (7, 3, 1)
    assert data.train.n_users == data.test.n_users == 4
    assert data.notes == ["trust: 1 people without training data"]


def test_names_that_are_no_numbers_stand_in_order_of_the_alphabet(tmp_path) -> None:
    data = Folder(tmp_path, train="bob\tx\nann\t10\nann\t9\n").load()
    assert (data.people.name, data.items.name) == (("ann", "bob"), ("10", "9", "x"))


def test_the_other_parts_are_written_as_training_is(tmp_path) -> None:
    one = Folder(tmp_path, train="1 5 6 7\n2 5 9\n", test="2 6 7\n").load()
    assert one.test is not None
    assert len(one.test) == 2
    triples = "1 5 3\n1 6 2\n2 7 4\n"
    two = Folder(tmp_path, train=triples, test="1 7 3\n2 5 4\n").load()
    assert two.test is not None
    assert two.test.weight.tolist() == [3, 4]
    mixed = Folder(tmp_path, train="1 5 6 7\n2 5 9\n", test="2\t6\t7\n").load()
    assert mixed.test is not None
    assert mixed.test.weight.tolist() == [7]


TRAIN = "1\t1\t5\n1\t2\t5\n2\t1\t5\n"
REFUSED = {
    "unknown item": ({"test": "1\t3\n2\t2\n2\t8\n"}, "cold-items",
                     "test:1: item 3 is unknown to train (2 of 3 pairs are like it)",
                     "test: 2 items that training lacks, 2 of 3 pairs; nobody can find them"),
    "unknown person": ({"test": "2\t2\n3\t1\n"}, "cold-users",
                       "test:2: user 3 has no training data in train",
                       "test: 1 people without training data"),
    "known already": ({"test": "2\t2\n1\t2\n"}, "known-items", "test:2: 1 2 is in train already",
                      "test: 1 pairs are in train already; nobody can find them"),
    "said differently": ({"train": TRAIN + "1\t2\t4\n"}, "duplicates",
                         "train:4: 1 2 has weight 4, and 5 in line 2",
                         "train: 1 pairs said differently, the last one counts"),
    "weight 0": ({"train": TRAIN + "2\t2\t0\n"}, "zero-weights", "train:4: weight 0",
                 "train: 1 pairs of weight 0 left out"),
    "nobody's line": ({"train": "1 1 2 3 4\n2 1\n3\n"}, "empty-users",
                      "train:3: user 3 has no items",
                      "train: 1 users without items"),
    "trust said twice": ({"trust": "1\t2\t1\n1\t2\t-1\n"}, "duplicates",
                         "trust:2: 1 2 has weight -1, and 1 in line 1",
                         "trust: 1 pairs said differently, the last one counts"),
}  # fmt: skip


@pytest.mark.parametrize(("texts", "allow", "told", "note"), REFUSED.values(), ids=REFUSED)
def test_what_may_be_allowed_is_told_by_line_and_counted(
    tmp_path, texts, allow: str, told: str, note: str
) -> None:
    folder = Folder(tmp_path, **({"train": TRAIN} | texts))
    assert folder.refused(allow) == f"{tmp_path}/{told}"
    assert folder.load(allow).notes == [note]


def test_everything_that_can_be_allowed_is_tried_here() -> None:
    assert {allow for _, allow, _, _ in REFUSED.values()} == ALLOWED.keys()


NEVER = {
    "negative": ({"train": TRAIN + "2\t2\t-1\n"}, "train:4: weight -1 is negative"),
    "huge": ({"train": TRAIN + "2\t2\t1e300\n"}, "train:4: weight 1e+300 is too large"),
    "strangers only": ({"trust": "8\t9\n"}, "trust:1: nobody in this file has training data"),
}


@pytest.mark.parametrize(("texts", "told"), NEVER.values(), ids=NEVER)
def test_what_makes_no_sense_is_never_allowed(tmp_path, texts, told: str) -> None:
    folder = Folder(tmp_path, **({"train": TRAIN} | texts))
    assert told in folder.refused()
    with pytest.raises(DataError):
        folder.load(*ALLOWED)


def test_what_is_allowed_stays(tmp_path) -> None:
    folder = Folder(tmp_path, train=TRAIN, test="1\t3\n3\t1\n1\t2\n")
    data = folder.load("cold-items", "cold-users", "known-items")
    assert data.test is not None
    assert data.test.sizes.tolist() == [2, 0, 1]


def test_the_later_of_two_counts_by_time_where_there_is_one(tmp_path) -> None:
    times = "1\t1\t5\t99\n1\t1\t2\t7\n2\t1\t3\t0\n"
    data = Folder(tmp_path, train=times).load("duplicates")
    assert data.train.weight.tolist() == [5, 3]
    data = Folder(tmp_path, train="1\t1\t5\n1\t1\t2\n2\t1\t3\n").load("duplicates")
    assert data.train.weight.tolist() == [2, 3]


def test_a_pair_said_again_counts_once_from_the_first_time_on(tmp_path) -> None:
    data = Folder(tmp_path, train="1\t1\t5\t864000\n1\t1\t5\t0\n2\t1\t3\t0\n").load()
    assert data.train.day is not None
    assert data.train.day.tolist() == [0, 0]
    assert data.notes == ["train: 1 pairs said more than once, counted once"]


def test_trust_of_a_wider_scale_is_brought_to_1(tmp_path) -> None:
    data = Folder(tmp_path, train=TRAIN, trust="1,2,-10\n2,1,5\n1,1,10\n").load()
    assert data.trust is not None
    assert data.trust.weight.tolist() == [-1, 0.5]
    assert data.notes == [
        "trust: weights up to 10 divided by 10",
        "trust: 1 vouches for oneself left out",
    ]


def test_without_times_nothing_is_temporal(tmp_path) -> None:
    timed = "1\t1\t5\t0\n2\t1\t5\t9\n"
    with pytest.raises(DataError, match=r"train:1: no times in this file"):
        Folder(tmp_path, train=TRAIN).load(timed=True)
    with pytest.raises(DataError, match=r"trust:1: no times in this file"):
        Folder(tmp_path, train=timed, trust="1\t2\n").load(timed=True)
    data = Folder(tmp_path, train=timed, test="3\t7\t1\t99999999\n").load(timed=True)
    assert data.test is not None
    assert data.test.day is not None
    assert data.test.day.dtype == np.int32


def test_only_what_has_a_name_can_be_allowed(tmp_path) -> None:
    with pytest.raises(DataError, match="nothing called 'all'"):
        Folder(tmp_path, train=TRAIN).load("all")
