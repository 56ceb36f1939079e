"""The figures of the demo: how much of what people went on to like is in their lists."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence


def recall_at(n: int, shown: Sequence[str], wanted: Collection[str]) -> float:
    """Part of `wanted` among the first n shown; of n when more is wanted than n can hold."""
    hits = sum(item in wanted for item in shown[:n])
    return hits / min(n, len(wanted))


def mean_recall(
    n: int, shown: Mapping[str, Sequence[str]], wanted: Mapping[str, Collection[str]]
) -> float:
    """Mean `recall_at` over the people of `shown` with something wanted; 0 when there are none."""
    values = [recall_at(n, items, wanted[p]) for p, items in shown.items() if wanted[p]]
    return sum(values) / len(values) if values else 0.0


def share(lists: Iterable[Sequence[str]], counts: Callable[[str], bool]) -> float:
    """Part of all places in all lists for which `counts` holds; 0 when there are no places."""
    places = [counts(item) for items in lists for item in items]
    return sum(places) / len(places) if places else 0.0
