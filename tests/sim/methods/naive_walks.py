"""The published loops, written down in plain Python with dictionaries, draw for draw."""

from bisect import bisect_right
from collections import Counter, defaultdict
from itertools import accumulate, pairwise


def choose(options, rng):
    """One of [(what, weight)] with one draw."""
    sums = list(accumulate(weight for _, weight in options))
    return options[min(bisect_right(sums, rng.random() * sums[-1]), len(options) - 1)][0]


def trust_walks(root, out, stop, hops_max, walks, rng):
    """out: {caster: [(target, signed weight)]} by target, positive before negative."""
    made = []
    for _ in range(walks):
        walk, hops = [root], 0
        while True:
            if hops >= hops_max or rng.random() < stop or not out.get(walk[-1]):
                break
            hops += 1
            to, sign = choose([((x, w > 0), abs(w)) for x, w in out[walk[-1]]], rng)
            if not sign:
                break
            walk.append(to)
        made.append(walk)
    return made


def leading(walks, seed):
    """{v: most walks in which one x leads to her}: `random_walks.py` of MeritRank."""
    led = defaultdict(Counter)
    for walk in walks:
        this_walk = defaultdict(set)
        for k, following in enumerate(walk[1:], 1):
            for previous in reversed(walk[:k]):
                if seed in (previous, following):
                    break
                this_walk[following].add(previous)
        for following, those in this_walk.items():
            led[following].update(those)
    return {v: max(counts.values()) for v, counts in led.items()}


def through(walks, root):
    """{v: most occurrences one x precedes}: Web3Recommend's `calculateBetaDecaysSpaceIntensive`."""
    counts = defaultdict(Counter)
    for walk in walks:
        for k, v in enumerate(walk):
            if v != root:
                first = walk.index(v)
                counts[v].update(set(walk[first:k] if first < k else walk[:k]) - {root})
    return {v: max(c.values()) for v, c in counts.items() if c}


def before_first(walks, root, low):
    """{(v, x): walks in which x stands before v's first occurrence} for v >= low."""
    counts = Counter()
    for walk in walks:
        for v in {v for v in walk if v >= low}:
            counts.update((v, x) for x in set(walk[: walk.index(v)]) - {root})
    return counts


def hybrid_walks(root, songs, trust, jump, rules, walks, rng):
    """Web3Recommend's loop. songs: {v: [(item, share)]} ascending; trust: {v: [(x, weight)]}.

    rules: (alpha, hops_max, balance, eta or None, stale). Items come out as ("song", i).
    """
    alpha, hops_max, balance, eta, stale = rules
    made, hops, last = [], 0, None
    listeners = Counter(i for row in songs.values() for i, _ in row)
    for _ in range(walks):
        walk, v = [], root
        if hops == 0 and rng.random() < balance and trust.get(root):
            v = choose(jump, rng)
        lost = False
        while True:
            walk.append(v)
            if hops >= hops_max or rng.random() < alpha:
                break
            hops += 1
            options = [(i, share) for i, share in songs.get(v, []) if i != last]
            if not options:
                break
            last = choose(options, rng)
            walk.append(("song", last))
            if hops >= hops_max or rng.random() < alpha or listeners[last] < 2:
                break
            hops += 1
            if not trust.get(v):
                lost = True
                break
            weights = [
                (x, share if eta is None else w * (share + eta))
                for x, w in trust[v]
                for share in [dict(songs.get(x, [])).get(last, 0.0)]
            ]
            if any(weight for _, weight in weights):
                v = choose(weights, rng)
            else:
                v = choose(trust[v], rng)
        if not (lost and stale):
            hops, last = 0, None
        made.append(walk)
    return made


def split(walks, people):
    """The kernels' walks as lists; vertices beyond the people are ("song", i)."""
    ptr, vertex = walks
    named = [v if v < people else ("song", v - people) for v in vertex.tolist()]
    return [named[low:high] for low, high in pairwise(ptr.tolist())]
