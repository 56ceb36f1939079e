"""The hostile region: how few fooled people let in how many identities, and what those claim.

Each attack edge is an honest person's vouch for a region's head. The head vouches for every other
identity of her region. Each identity looks like somebody with ordinary taste, rating popular
films, and rates all the fake films with five stars as well.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ATTACK_EDGES = 20
IDENTITIES_PER_EDGE = 20
FAKE_FILMS = 20
POPULAR_FILMS = 600
"""The films that an identity may pretend to like: the better known third ..."""
CAMOUFLAGE = 60
"""... and how many of them she does: what gets the most fakes into undefended lists. With fewer
films she is met on fewer walks, with more she sends fewer of them on to the fakes; among the best
known hundred alone she drowns in honest listeners."""


@dataclass(frozen=True, slots=True)
class Region:
    """Identities 0..n-1 of the attacker; identity k*IDENTITIES_PER_EDGE heads region k.

    fooled[k]: the honest person who vouches for head k. vouches: (identity, identity).
    liked[i]: real films that identity i rates, beside every fake one.
    """

    fooled: tuple[int, ...]
    heads: tuple[int, ...]
    vouches: tuple[tuple[int, int], ...]
    liked: tuple[tuple[int, ...], ...]

    @property
    def identities(self) -> int:
        return len(self.liked)


def most_rated(film: NDArray[np.int32], n_films: int, n: int) -> NDArray[np.int64]:
    """The n films with the most ratings, most rated first."""
    return np.argsort(-np.bincount(film, minlength=n_films), kind="stable")[:n]


def attack(
    n_people: int, popular: NDArray[np.int64], rng: np.random.Generator, *, edges: int, each: int
) -> Region:
    """`edges` random people are fooled; each lets in a star of `each` identities."""
    fooled = rng.choice(n_people, edges, replace=False)
    heads = tuple(k * each for k in range(edges))
    vouches = tuple((head, head + k) for head in heads for k in range(1, each))
    liked = tuple(
        tuple(sorted(rng.choice(popular, min(CAMOUFLAGE, popular.size), replace=False).tolist()))
        for _ in range(edges * each)
    )
    return Region(tuple(fooled.tolist()), heads, vouches, liked)


def fake_titles(n: int) -> tuple[str, ...]:
    """Titles of the films that do not exist."""
    return tuple(f"Buy This Film {k + 1} (2026)" for k in range(n))
