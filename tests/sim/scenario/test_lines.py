"""On which line a key of TOML stands."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.lines import lines_of

TEXT = '''\
a = 1
b.c = """
x = 2
[no]"""
[d]  # [[no]]
'e f' = [ 1, # one
  { g = 2 },
  "]", ]
"h\\"i" = { j = { k = """
"""" }, l = '#' }
[[m]]
n = 1979-05-27 07:32:00
[m.o]
p = 'p'
[[m]]
n = 0
[[m.q]]
[[m.q]]
r = {}
'''

EXPECTED = {
    ("a",): 1, ("b",): 2, ("b", "c"): 2, ("d",): 5, ("d", "e f"): 6, ("d", "e f", 0): 6,
    ("d", "e f", 1): 7, ("d", "e f", 1, "g"): 7, ("d", "e f", 2): 8, ("d", 'h"i'): 9,
    ("d", 'h"i', "j"): 9, ("d", 'h"i', "j", "k"): 9, ("d", 'h"i', "l"): 10, ("m",): 11,
    ("m", 0): 11, ("m", 0, "n"): 12, ("m", 0, "o"): 13, ("m", 0, "o", "p"): 14, ("m", 1): 15,
    ("m", 1, "n"): 16, ("m", 1, "q"): 17, ("m", 1, "q", 0): 17, ("m", 1, "q", 1): 18,
    ("m", 1, "q", 1, "r"): 19,
}  # fmt: skip


def test_each_key_is_where_it_stands_first() -> None:
    assert lines_of(TEXT) == EXPECTED


def keys_of(value: Any, key: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = set() if not key else {key}
    if isinstance(value, dict | list):
        for name, one in inner:
            found |= keys_of(one, (*key, name)) if isinstance(one, dict | list) else {(*key, name)}
    return found


def test_no_key_is_missed() -> None:
    assert keys_of(tomllib.loads(TEXT)) == set(lines_of(TEXT))


@given(st.text(max_size=200), st.integers(0, len(TEXT)))
def test_whatever_is_no_toml_ends_the_search_only(text: str, cut: int) -> None:
    assert all(line >= 1 for line in lines_of(text).values())
    assert all(line >= 1 for line in lines_of(TEXT[:cut] + text).values())
