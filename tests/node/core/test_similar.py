"""What the desk keeps, and that names on the worker are those of the moment."""

import numpy as np

from node.core.similar import Names
from ranking.interner import Interner


def test_a_copy_of_names_stays_what_it_was():
    names = Interner(key=1, names_max=100, names_bytes_max=10_000)
    rows = names.intern_many([b"a:%d" % n for n in range(30)])
    key = np.array([3, 4], np.uint64)
    copy = Names.of(names)
    before = copy.identities(key)
    names.release_many(rows)
    names.intern_many([b"other:%d" % n for n in range(60)])
    assert (copy.identities(key) == before).all()
    assert len(set(before.tolist())) == 30
