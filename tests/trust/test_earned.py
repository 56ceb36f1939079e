"""Earned trust: precedence, par, the lower bound, and what farms of guesses can gain."""

from math import sqrt

import numpy as np
import pytest

from trust.earned import (
    Earned,
    EarnedConfig,
    Evidence,
    Showing,
    Showings,
    earned_parts,
    earned_weights,
    evidence,
    surplus,
)

CONFIG = EarnedConfig()
ANN, BEA, EVE = b"ann", b"bea", b"eve"
NOTHING = Evidence(0.0, 0.0)


def shown(*outcomes: int | None, by: bytes = ANN, day: int = 0, percent: int = 100) -> Showings:
    """One showing by the same author for each outcome."""
    showings = Showings()
    for number, outcome in enumerate(outcomes):
        item = f"{by.decode()}:{number}"
        showings.show(item, ((by, percent),), day, limit=1000)
        showings.settle(item, outcome, limit=1000)
    return showings


# ------------------------------------------------------------------------------------ precedence
def test_who_copies_after_the_showing_earns_nothing():
    """The clone is named at every later showing, and when the item is liked: too late."""
    showings = Showings()
    for n in range(50):
        showings.show(f"t:{n}", ((ANN, 60),), day=1, limit=1000)
        showings.show(f"t:{n}", ((ANN, 1), (EVE, 99)), day=2, limit=1000)
        showings.settle(f"t:{n}", 100, limit=1000)
        showings.show(f"t:{n}", ((EVE, 100),), day=3, limit=1000)
    assert earned_parts(showings, 3, CONFIG).keys() == {ANN}
    assert evidence(showings, 1, CONFIG) == {ANN: pytest.approx((30.0, 0.0))}


def test_what_she_had_before_it_was_shown_counts_for_nobody():
    showings = Showings()
    showings.show("t:1", ((ANN, 100),), day=10, limit=9)
    assert showings.outcome_of("t:1", 100, 9) == 0
    assert showings.outcome_of("t:1", 100, 10) == 100
    assert showings.outcome_of("t:2", 100, 10) is None
    showings.settle("t:1", 0, limit=9)
    assert evidence(showings, 100, CONFIG) == {}
    assert showings.settle("t:2", 100, limit=9) == []
    assert showings.of("t:2") is None, "never shown"


# -------------------------------------------------------------------------------------- evidence
def test_evidence_is_counted_by_share_and_fades():
    showings = Showings()
    showings.show("t:1", ((ANN, 60), (BEA, 20)), day=0, limit=9)
    showings.show("t:2", ((ANN, 50),), day=0, limit=9)
    showings.show("t:3", ((BEA, 100),), day=0, limit=9)
    showings.settle("t:1", 50, limit=9)
    showings.settle("t:2", -100, limit=9)
    assert evidence(showings, 6, CONFIG)[ANN] == pytest.approx(
        (0.3 * 0.5 ** (6 / 365), 0.5 * 0.5 ** (6 / 365))
    )
    assert evidence(showings, 0, CONFIG)[BEA] == pytest.approx((0.1, 0.0)), "t:3 is too young"
    assert evidence(showings, 365, CONFIG)[BEA] == pytest.approx((0.05, 0.025))


def test_a_change_of_mind_takes_the_earlier_outcome_back():
    showings = shown(100)
    showings.settle("ann:0", -100, limit=1000)
    assert evidence(showings, 0, CONFIG) == {ANN: (0.0, 1.0)}
    showings.settle("ann:0", None, limit=1000)
    assert evidence(showings, 0, CONFIG) == {}
    assert showings.of("ann:0") == Showing(0, ((ANN, 100),), None)


def test_the_oldest_are_forgotten_waiting_ones_and_settled_ones_apart():
    showings = Showings()
    for n in range(3):
        assert showings.show(f"t:{n}", ((ANN, 100),), n, limit=3) == []
    assert showings.settle("t:0", 100, limit=3) == []
    assert showings.show("t:3", (), 3, limit=3) == []
    assert showings.show("t:4", (), 3, limit=3) == ["t:1"]
    assert showings.of("t:0") is not None, "lists push no outcome out"
    assert [*map(len, (showings, list(showings)))] == [4, 4]
    for n in (2, 3, 4):
        gone = showings.settle(f"t:{n}", -100, limit=3)
    assert gone == ["t:0"]
    assert showings.show("t:5", (), 4, limit=1) == []
    assert showings.settle("t:5", 0, limit=1) == ["t:2", "t:3", "t:4"], "a smaller limit holds, too"


def test_what_is_restored_goes_on():
    showings = shown(100, None, -100)
    again = Showings()
    again.restore((f"ann:{n}", showings.of(f"ann:{n}")) for n in range(3))
    assert [*again] == [*showings]


# ----------------------------------------------------------------------------------------- weight
def test_the_lower_bound_is_that_of_the_beta_posterior():
    a, b = 10 + 8 * 0.5, 2 + 8 * 0.5
    deviation = sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    lower = a / (a + b) - deviation
    assert surplus(Evidence(10, 2), NOTHING, CONFIG) == pytest.approx((lower - 0.5) / 0.5)


def test_one_success_gives_nothing_and_ten_little():
    gained = [surplus(Evidence(n, 0), NOTHING, CONFIG) for n in (1, 2, 3, 4, 10, 100)]
    assert gained[:3] == [0, 0, 0]
    assert 0 < gained[3] < 0.1
    assert gained[4] < 0.4
    assert gained[5] < 1


def test_par_is_how_well_everybody_else_does():
    hers = Evidence(30, 10)
    assert surplus(hers, Evidence(300, 300), CONFIG) > 0.2
    assert surplus(hers, Evidence(300, 100), CONFIG) == 0
    assert surplus(hers, Evidence(0, 1000), CONFIG) == surplus(hers, NOTHING, CONFIG), "the floor"


def test_splitting_an_identity_loses():
    whole = surplus(Evidence(20, 2), NOTHING, CONFIG)
    for pieces in (2, 5, 20):
        piece = surplus(Evidence(20 / pieces, 2 / pieces), Evidence(0, 0), CONFIG)
        assert piece < whole
    assert surplus(Evidence(20 / 10, 0), NOTHING, CONFIG) == 0


def test_discredit_lowers_what_was_earned_and_nothing_else():
    good, mixed = shown(*[100] * 20), shown(*[100] * 20, *[-100] * 10)
    bad = shown(*[-100] * 50)
    assert earned_parts(mixed, 0, CONFIG)[ANN].part < earned_parts(good, 0, CONFIG)[ANN].part
    assert earned_parts(bad, 0, CONFIG) == {}, "nothing below nothing"


def test_of_whom_she_has_spoken_nobody_earns():
    assert earned_parts(shown(*[100] * 20), 0, CONFIG, without={ANN}) == {}


def test_it_fades_when_nothing_comes_after():
    parts = [earned_parts(shown(*[100] * 20), day, CONFIG) for day in (0, 365, 365 * 5)]
    assert parts[0][ANN].part > parts[1][ANN].part > 0
    assert parts[2] == {}


def test_caps_hold_for_one_and_for_all():
    showings = Showings()
    for author in range(400):
        for n in range(30):
            item = f"{author}:{n}"
            showings.show(item, ((b"%d" % author, 100),), 0, limit=20_000)
            showings.settle(item, 100 if author % 2 else -100, limit=20_000)
    assert len(earned_parts(showings, 0, CONFIG)) == 200
    found = earned_parts(showings, 0, EarnedConfig(authors_max=150))
    assert len(found) == 150
    some = {b"%d" % author for author in range(20, 400)}
    assert len(earned_parts(showings, 0, CONFIG, without=some)) == 10
    sure = EarnedConfig(par=0.01, prior=1e-3, deviations=0)
    alone = earned_parts(shown(*[100] * 1000), 0, sure)
    many = Showings()
    for author in range(100):
        many.show(f"{author}", ((b"%d" % author, 100),), 0, limit=1000)
        many.settle(f"{author}", 100 if author < 40 else -100, limit=1000)
    crowd = earned_parts(many, 0, sure)
    assert [earned.part for earned in crowd.values()] == pytest.approx([0.005] * 40), ".2 of it all"
    assert alone[ANN] == Earned(pytest.approx(0.01), pytest.approx(1000), 0.0)


def test_weights_have_their_parts_of_the_whole():
    parts = [0.01, 0.004, 0.1]
    weights = earned_weights(parts, 3.5)
    whole = 3.5 + sum(weights)
    assert [w / whole for w in weights] == pytest.approx(parts)
    assert earned_weights(parts, 0.0) == [0, 0, 0], "nothing of one's own, nothing earned"


def test_config_refuses_what_makes_no_sense():
    for wrong in ({"part_max": 1.0}, {"author_part_max": 0.5}, {"par": 1.0}, {"ignored": -1},
                  {"prior": 0}, {"half_life_days": 0}):  # fmt: skip
        with pytest.raises(ValueError, match="need"):
            EarnedConfig(**wrong)


# ------------------------------------------------------------------------------------------ farms
def a_year(
    hostile: int, guessed: float, *, honest: float = 0.3, lists: int = 1, seed: int = 0
) -> dict[bytes, Earned]:
    """What is earned in a year of daily lists: five new items a list from 30 reachable people,
    liked with chance `honest`, and in one list of four a newcomer's. All strangers are hostile,
    each with her own guesses published before, of which `guessed` turn out well."""
    rng = np.random.default_rng(seed)
    showings = Showings()

    def say(item: str, chance: float) -> None:
        liked, disliked = rng.random() < chance, rng.random() < 0.05
        if liked or disliked:
            showings.settle(item, 100 if liked else -100, limit=1000)

    for number in range(365 * lists):
        day = number // lists
        for n in range(5):
            people = rng.choice(30, 5, replace=False)
            shares = (100 * rng.dirichlet(np.ones(8))[:5]).astype(int)
            named = tuple(
                (b"h%d" % p, int(s)) for p, s in zip(people, shares, strict=True) if s
            )  # fmt: skip
            showings.show(f"h:{number}:{n}", named, day, limit=1000)
            say(f"h:{number}:{n}", honest)
        if rng.random() < 0.25:
            stranger = b"s%d" % rng.integers(hostile)
            showings.show(f"s:{number}", ((stranger, 100),), day, limit=1000)
            say(f"s:{number}", guessed)
    return earned_parts(showings, 365, CONFIG)


def hostile_part(found: dict[bytes, Earned]) -> float:
    return sum(earned.part for author, earned in found.items() if author[:1] == b"s")


def test_a_thousand_strangers_with_perfect_guesses_earn_nothing():
    """They share one place in four lists: not one of them is shown often enough in a year."""
    for lists in (1, 3):
        assert hostile_part(a_year(1000, 1.0, lists=lists)) == 0


@pytest.mark.parametrize("hostile", [1, 5, 10, 20, 100])
def test_however_many_strangers_earn_little(hostile: int):
    """Perfect guessers in the number that suits them best; ordinary ones, nothing to speak of."""
    assert hostile_part(a_year(hostile, 1.0)) <= 0.02
    assert hostile_part(a_year(hostile, 0.3)) <= 0.001


def test_heavy_use_gains_them_no_more():
    """What newer outcomes push out counts no more, and most outcomes are those of known people."""
    assert hostile_part(a_year(5, 1.0, lists=5)) <= 0.03
    assert hostile_part(a_year(20, 1.0, lists=10)) <= 0.03


@pytest.mark.parametrize("identities", [1, 5, 20])
def test_a_region_that_has_all_that_is_popular_earns_nothing(identities: int):
    """Behind a fooled friend, with 30 % of the evidence of everything: it does as the list does."""
    rng = np.random.default_rng(5)
    showings = Showings()
    for n in range(1500):
        honest = [(b"h%d" % p, 14) for p in rng.choice(40, 5, replace=False)]
        region = [(b"s%d" % p, 30 // identities) for p in range(identities)]
        showings.show(f"t:{n}", tuple(honest + region), n // 20, limit=1000)
        if rng.random() < 0.3:
            showings.settle(f"t:{n}", 100, limit=1000)
        elif rng.random() < 0.1:
            showings.settle(f"t:{n}", -100, limit=1000)
    found = earned_parts(showings, 75, CONFIG)
    assert hostile_part(found) == 0


def test_clones_of_somebody_better_share_out_what_one_would_gain():
    """Clones who copied before the showing are named with her; what they share they share out."""
    for clones, most in ((1, 0.01), (5, 0.015), (20, 0.0), (40, 0.0)):
        showings = Showings()
        for n in range(400):
            good = n % 4 == 0
            region = [(b"s%d" % p, 40 // clones) for p in range(clones)]
            named = [(ANN, 40), *region] if good else [(b"h%d" % (n % 30), 80)]
            showings.show(f"t:{n}", tuple(named), 0, limit=1000)
            showings.settle(f"t:{n}", 100 if good else -100, limit=1000)
        found = earned_parts(showings, 0, CONFIG)
        assert ANN in found
        assert hostile_part(found) <= most


def test_people_as_good_as_their_neighbours_earn_nothing_and_the_better_ones_do():
    showings = Showings()
    rng = np.random.default_rng(3)
    for n in range(600):
        by, chance = (ANN, 0.6) if n % 6 == 0 else (b"h%d" % (n % 30), 0.2)
        showings.show(f"t:{n}", ((by, 80),), 0, limit=1000)
        if rng.random() < chance:
            showings.settle(f"t:{n}", 100, limit=1000)
        elif rng.random() < 0.5:
            showings.settle(f"t:{n}", -100, limit=1000)
    assert earned_parts(showings, 30, CONFIG).keys() == {ANN}
