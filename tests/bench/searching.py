"""How long a search takes among very many items and clicks, and a click until a search knows it.

Measured is a question over the daemon's Unix socket, on a connection that is open, as an app asks.
The words are drawn as people click for them, so common ones are asked for most.
"""

import time
from collections.abc import Callable

import numpy as np

from node.query.client import QueryClient
from tests.bench.click_seeding import COMMON, Words, seed_clicks
from tests.bench.figures import Figure, percentile
from tests.bench.nodes import BenchFailed, made, running, until
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

ASKED = {"p50": (0.5, 20.0), "p99": (0.99, 50.0)}
ASKED_EFFECT_MS, EFFECTS = 50.0, 40
WARM = 20

Draw = Callable[[], list[str]]


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """Median and p99 of a search, and the worst of a click with the search after it."""
    node = made(scratch.directory / "clicks")
    words = seed_clicks(node.home, scale)
    rng = np.random.default_rng(7)
    with running(node):
        until(lambda: bool(node.ask("status")["clicks_heard"]), "clicks are heard", timeout_s=300)
        with node.client() as client:
            held = client.ask("status").data
            if held["clicks_heard"] < 0.98 * scale.search_clicks:
                raise BenchFailed(f"only {held['clicks_heard']:,} clicks are held")
            took = _searches(client, _draws(words, rng), scale.search_questions, rng)
            effects = _effects(client, words, rng)
    every = [ms for each in took.values() for ms in each]
    size = f"{scale.search_items:,} items, {held['clicks_heard']:,} clicks"
    kinds = "; ".join(
        f"{kind} {percentile(each, 0.5):.1f} and {percentile(each, 0.99):.1f}"
        for kind, each in took.items()
    )
    figures = [
        Figure(f"search, {size}, {name}", asked, percentile(every, part), "ms")
        for name, (part, asked) in ASKED.items()
    ]
    memory = held["graph"]["bytes"] / 1e6
    figures[0] = Figure(
        *(figures[0].what, figures[0].asked, figures[0].measured, "ms"),
        detail=f"p50 and p99 by kind: {kinds}; all that is heard takes {memory:.0f} MB",
    )
    return [
        *figures,
        Figure(
            "click to its effect on the next search, worst",
            ASKED_EFFECT_MS,
            max(effects),
            "ms",
            detail=f"median {percentile(effects, 0.5):.1f} of {len(effects)}, both questions",
        ),
    ]


def _draws(words: Words, rng: np.random.Generator) -> dict[str, Draw]:
    def item() -> list[str]:
        return words.of(int(rng.integers(0, len(words.titles))))

    def common() -> list[str]:
        return [str(rng.choice(COMMON))]

    return {
        "one word": lambda: [str(rng.choice(item()))],
        "two words": lambda: [str(word) for word in rng.choice(item(), 2, replace=False)],
        "a common word": common,
        "common words": lambda: [*common(), *common(), str(rng.choice(item()))],
        "a beginning": lambda: [str(rng.choice(item()))[: int(rng.integers(1, 6))]],
        "unknown": lambda: [f"zz{rng.integers(0, 10**6)}"],
    }


def _searches(
    client: QueryClient, draws: dict[str, Draw], questions: int, rng: np.random.Generator
) -> dict[str, list[float]]:
    """Milliseconds of each, by kind: half are one word, the others share the rest."""
    kinds = list(draws)
    share = np.array([0.5, 0.3, 0.05, 0.05, 0.05, 0.05])
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(WARM + questions):
        kind = kinds[number % len(kinds) if number < WARM else int(rng.choice(len(kinds), p=share))]
        asked = draws[kind]()
        began = time.perf_counter()
        found = client.ask("search", words=asked).data
        spent = 1000 * (time.perf_counter() - began)
        if not found["items"]:
            raise BenchFailed(f"nothing found for {asked}")
        if number >= WARM:
            took[kind].append(spent)
    return {kind: each for kind, each in took.items() if each}


def _effects(client: QueryClient, words: Words, rng: np.random.Generator) -> list[float]:
    """Milliseconds of a click and the search after it, in which the item weighs more."""
    took: list[float] = []
    done: set[str] = set()
    for _ in range(50 * EFFECTS):
        asked = [str(rng.choice(words.of(int(rng.integers(0, len(words.titles))))))]
        if asked[0] in done:
            continue
        done.update(asked)
        before = client.ask("search", words=asked, n=50).data["items"]
        if len(before) < 10:
            continue
        item = before[9]["item"]
        began = time.perf_counter()
        client.ask("click", item=item)
        after = client.ask("search", words=asked, n=50).data["items"]
        took.append(1000 * (time.perf_counter() - began))
        score = {place["item"]: place["score"] for place in after}[item]
        if score <= before[9]["score"]:
            raise BenchFailed(f"a click for {asked} changed nothing")
        if len(took) == EFFECTS:
            break
    return took
