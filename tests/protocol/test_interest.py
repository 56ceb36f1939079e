"""Whom we follow, and in which order."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from protocol.interest import Following, FollowingConfig, Interest, Wanted
from tests.protocol.strategies import examples

QUOTAS = (1, 2, 3, 4)
CONFIG = FollowingConfig(
    followed_max=40, probation_share=0.05, probation_s=100.0, lapsed_s=1_000.0, lapsed_max=10
)


def author(number: int) -> AuthorKey:
    return AuthorKey(number.to_bytes(32, "big"))


def feed(number: int, lane: Lane = Lane.TASTE) -> FeedId:
    return FeedId(author(number), DeviceId(bytes(8)), lane)


def wanted(priority: float, *, vouched: bool = False, quotas=QUOTAS) -> Wanted:
    return Wanted(priority, quotas, vouched)


drawn = st.dictionaries(
    st.integers(1, 80).map(author),
    st.builds(Wanted, st.floats(0, 1), st.just(QUOTAS), st.booleans()),
    max_size=80,
)


@examples(100)
@given(drawn)
def test_the_vouched_come_first_then_the_most_trusted(interest):
    following = Following(CONFIG)
    following.follow(Interest(interest), now=0)
    kept = [*following.authors()]
    assert len(kept) == len(following) == min(len(interest), CONFIG.followed_max)
    order = [(not interest[a].vouched, -interest[a].priority) for a in kept]
    assert order == sorted(order)
    left_out = [a for a in interest if a not in following]
    if left_out:
        best = min((not interest[a].vouched, -interest[a].priority) for a in left_out)
        assert order[-1] <= best


def test_following_tells_who_is_new_or_wanted_otherwise():
    following = Following(CONFIG)
    assert following.follow(Interest({author(1): wanted(1), author(2): wanted(0.5)}), now=0) == [
        author(1), author(2),
    ]  # fmt: skip
    changed = {author(2): wanted(0.9), author(1): wanted(1, quotas=(9, 9, 9, 9))}
    assert following.follow(Interest(changed), now=0) == [author(1)]
    assert following.follow(Interest({author(3): wanted(1)}), now=0) == [author(3)]
    assert author(1) not in following


def test_strangers_have_few_places_for_a_while():
    following = Following(CONFIG)
    following.follow(Interest({author(9): wanted(1)}), now=0)
    assert following.probation_max == 2
    answers = [following.admit(author(n), now=n) for n in (1, 1, 9, 2, 3)]
    assert answers == [True, False, False, True, False]
    assert following.strangers() == (author(1), author(2))
    stranger = following.wanted(author(1))
    assert stranger is not None
    assert (stranger.quotas, stranger.vouched) == (CONFIG.probation_quotas, False)
    assert following.leaving(now=100.9) == []
    assert following.leaving(now=101.0) == [author(1)]
    assert author(1) not in following
    assert following.admit(author(3), now=101.0)


def test_a_stranger_who_is_wanted_leaves_its_place():
    following = Following(CONFIG)
    following.admit(author(1), now=0)
    following.follow(Interest({author(1): wanted(0.1)}), now=0)
    assert following.strangers() == ()
    assert following.wanted(author(1)) == wanted(0.1)


def test_ranks_order_what_is_fetched():
    following = Following(CONFIG)
    following.follow(
        Interest(
            {author(1): wanted(0.1, vouched=True), author(2): wanted(0.9), author(3): wanted(1)}
        ),
        now=0,
    )
    following.admit(author(4), now=0)
    order = [feed(1, Lane.VOUCHES), feed(1, Lane.IDENTITY), feed(1), feed(1, Lane.CLICKS),
             feed(3, Lane.VOUCHES), feed(3), feed(2), feed(4)]  # fmt: skip
    ranks = [following.rank(each) for each in order]
    assert ranks == sorted(ranks)
    assert len(dict.fromkeys(ranks)) == len(ranks)
    assert following.vouched(author(1))
    assert not following.vouched(author(2))
    assert following.wanted(author(7)) is None


def test_an_equivocator_is_forgotten():
    following = Following(CONFIG)
    following.follow(Interest({author(1): wanted(1)}), now=0)
    following.admit(author(2), now=0)
    for number in (1, 2, 3):
        following.forget(author(number))
    assert len(following) == 0
    assert following.strangers() == ()


# --- lapsing -------------------------------------------------------------------------------------


def follows(following: Following, *numbers: int, now: float) -> None:
    following.follow(Interest({author(n): wanted(1) for n in numbers}), now=now)


def test_who_is_followed_no_longer_leaves_after_a_while():
    following = Following(CONFIG)
    follows(following, 1, 2, 3, now=0)
    follows(following, 2, now=100)
    follows(following, now=200)
    assert following.leaving(now=1_099.9) == []
    assert following.leaving(now=1_100) == [author(1), author(3)]
    assert following.leaving(now=1_199.9) == []
    assert following.leaving(now=1_200) == [author(2)]
    assert following.leaving(now=9_999) == []


def test_being_followed_again_starts_the_time_anew():
    following = Following(CONFIG)
    follows(following, 1, now=0)
    for now in range(0, 9_000, 900):
        follows(following, now=now)
        follows(following, 1, now=now + 450)
    assert following.leaving(now=99_999) == []
    follows(following, now=9_000)
    follows(following, now=9_500)
    assert following.leaving(now=9_999) == []
    assert following.leaving(now=10_000) == [author(1)]


def test_a_lapsed_author_on_probation_is_a_stranger_and_leaves_as_one():
    following = Following(CONFIG)
    follows(following, 1, now=0)
    follows(following, now=10)
    assert following.admit(author(1), now=990)
    assert following.leaving(now=1_010) == []
    assert following.leaving(now=1_090) == [author(1)]
    assert following.leaving(now=99_999) == []


def test_of_too_many_lapsed_authors_the_first_leave_early_and_few_a_tick():
    following = Following(CONFIG)
    follows(following, *range(1, 21), now=0)
    follows(following, now=1)
    left = [following.leaving(now=2) for _ in range(4)]
    assert [len(each) for each in left] == [4, 4, 2, 0]
    assert [a for each in left for a in each] == [author(n) for n in range(1, 11)]
    assert [len(following.leaving(now=2_000)) for _ in range(4)] == [4, 4, 2, 0]


def test_an_equivocator_leaves_when_its_place_is_free_again():
    following = Following(CONFIG)
    assert following.admit(author(1), now=0)
    following.forget(author(1))
    assert following.leaving(now=99) == []
    assert following.leaving(now=100) == [author(1)]
    assert following.leaving(now=99_999) == []


def test_whose_time_is_over_first_leaves_first_though_found_out_later():
    following = Following(CONFIG)
    assert following.admit(author(1), now=0)
    assert following.admit(author(2), now=5)
    following.forget(author(2))
    following.forget(author(1))
    assert following.next_leaving(now=50) == 100
    assert following.leaving(now=100) == [author(1)]
    assert following.next_leaving(now=100) == 105
    assert following.leaving(now=105) == [author(2)]


def test_who_lives_here_is_followed_however_many_are_vouched_for():
    following = Following(CONFIG)
    interest = {author(n): wanted(1, vouched=True) for n in range(1, 60)}
    interest[author(99)] = Wanted(1.0, QUOTAS, vouched=True, hosted=True)
    following.follow(Interest(interest), now=0)
    assert next(iter(following.authors())) == author(99)


def test_whoever_is_followed_makes_way_for_much_more_only():
    config = FollowingConfig(followed_max=2, staying=2.0)
    following = Following(config)
    following.follow(Interest({author(1): wanted(0.5), author(2): wanted(0.2)}), now=0)
    rivals = {author(1): wanted(0.5), author(2): wanted(0.2), author(3): wanted(0.39)}
    assert following.follow(Interest(rivals), now=1) == []
    assert [*following.authors()] == [author(1), author(2)]
    assert following.follow(Interest(rivals | {author(3): wanted(0.41)}), now=2) == [author(3)]
    assert [*following.authors()] == [author(1), author(3)]
    vouched = rivals | {author(4): wanted(0.01, vouched=True)}
    assert following.follow(Interest(vouched), now=3) == [author(4)]
    assert [*following.authors()] == [author(4), author(1)]
