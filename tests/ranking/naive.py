"""Slow, obvious twins of the kernels, written from the formulas and not from the code."""

import math
from collections import Counter, defaultdict


def alias_step(ptr, target, threshold, other, admit, alpha, at, draw):
    """One walker, one step: (row, slot)."""
    degree = ptr[at + 1] - ptr[at]
    if draw < alpha or degree == 0:
        return -1, -1
    x = (draw - alpha) / (1 - alpha) * degree
    offset = min(int(x), degree - 1)
    slot, rest = ptr[at] + offset, x - offset
    keep = float(threshold[slot])
    if rest < keep:
        rest = rest / keep
    else:
        rest, slot = (rest - keep) / (1 - keep) if keep < 1 else 0.0, other[slot]
    return (target[slot], slot) if rest < admit[target[slot]] else (-1, -1)


def paths_of(walks):
    """Walk matrix -> lists without padding."""
    return [[v for v in walk if v >= 0] for walk in walks.tolist()]


def hits(walks):
    return Counter(v for walk in paths_of(walks) for v in set(walk))


def penalties(walks, against):
    """{author: sum over walks of what is held against the distinct ones from her on}."""
    lost = Counter()
    for walk in paths_of(walks):
        for v in set(walk):
            lost[v] += sum(against[x] for x in set(walk[walk.index(v) :]))
    return lost


def bounded_flow(walks, slots, flow_max, owner):
    flow, kept = Counter(), []
    for walk, edges in zip(paths_of(walks), slots.tolist(), strict=True):
        end = len(walk)
        for k in range(1, len(walk)):
            if walk[k - 1] == owner:
                continue
            if flow[edges[k]] == flow_max:
                end = k
                break
            flow[edges[k]] += 1
        kept.append(walk[:end])
    return kept


def passing(walks, wanted, owner, share_min):
    """{v: {x: share}}; v herself with share 1."""
    together, visits = defaultdict(Counter), Counter()
    for walk in paths_of(walks):
        for v in set(walk) - {owner}:
            visits[v] += 1
            together[v].update(set(walk[: walk.index(v)]) - {owner})
    return {
        v: {v: 1.0}
        | {x: n / visits[v] for x, n in together[v].items() if n >= share_min * visits[v]}
        for v in visits
        if v in wanted
    }


def strata(per_item, shifts, part):
    """The strata of one item whose walkers walk: of each eight, `part`."""
    first = [0, 4, 2, 6, 1, 5, 3, 7][:part]
    return [k for k in range(per_item) if (k % 8) ^ shifts[k // 8] in first]


def budgeted(listed, taken, dependent, n, budget):
    """listed, taken: [(item, {person: excess})]."""
    carried = Counter()
    for _, people in taken:
        carried.update(x for x, e in people.items() if e > dependent)
    rows = []
    for k, (item, people) in enumerate(listed):
        heavy = [x for x, e in people.items() if e > dependent]
        if len(rows) < n and item not in dict(taken) and all(carried[x] < budget[x] for x in heavy):
            carried.update(heavy)
            rows.append(k)
    return rows


def split_mix(counter, seed):
    """SplitMix64's hash of a counter, on unbounded ints."""
    mask = 2**64 - 1
    x = (seed + counter * 0x9E3779B97F4A7C15) & mask
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & mask
    x = (x ^ x >> 27) * 0x94D049BB133111EB & mask
    return x ^ x >> 31


def bipartite_walk(walker, start, rows, chance, steps, reset, seed):
    """The rows one walker visits: [(side, row)], side 0 an item, 1 an author.

    rows[side][r]: neighbours of a row. chance[side][r]: None for uniform draws, else the alias
    table [(threshold in 1024ths, other place)], or [] for a row without weight.
    """
    seen, at = [], start
    for step in range(steps):
        bits, side = split_mix((step << 32) + walker, seed), step % 2
        if side == 0 and (bits & 2**22 - 1) < reset * 2**22:
            at = start
        neighbours = rows[side][at] if at is not None else []
        table = chance[side][at] if chance is not None and at is not None else None
        to = None
        if neighbours and (chance is None or table):
            place = (bits >> 32) * len(neighbours) >> 32
            if chance is not None and (bits >> 22 & 1023) >= table[place][0]:
                place = table[place][1]
            to = neighbours[place]
            seen.append((side, to))
        at = start if to is None and side == 1 else to
    return seen


class Salsa:
    """Design section 6 on dictionaries: likes[v][i] = a(v, i), t[v]."""

    def __init__(self, likes, t, owner, config, kappa):
        self.likes, self.t, self.owner, self.config = likes, t, owner, config
        self.kappa = kappa
        self.mass = defaultdict(float)
        for v, items in likes.items():
            for i, a in items.items():
                self.mass[i] += t.get(v, 0.0) * a

    def degree(self, i):
        return 1 + self.config.degree_scale * self.mass[i]

    def hop(self, j, v):
        return self.t.get(v, 0.0) * self.likes[v].get(j, 0.0) / (self.mass[j] + self.kappa)

    def last(self, v, i):
        return self.likes[v].get(i, 0.0) / sum(self.likes[v].values()) ** self.config.taste_exponent

    def echo(self, i):
        """Share of the walk at i two steps later, over its share now; the sum is not concave."""
        first = defaultdict(float)
        for j in self.likes[self.owner]:
            for v in self.likes:
                mass = self.degree(j) ** self.config.source_gain * self.hop(j, v)
                for k in self.likes[v]:
                    first[k] += mass * self.last(v, k)
        second = defaultdict(float)
        for k, mass in first.items():
            for u in self.likes:
                if mass > 0:
                    arrived = mass * self.t.get(u, 0.0) * self.likes[u].get(k, 0.0) / self.mass[k]
                    for end in self.likes[u]:
                        second[end] += arrived * self.last(u, end)
        if not first[i]:
            return 0.0
        return second[i] / sum(second.values()) / (first[i] / sum(first.values()))

    def parts(self, i):
        """{(j, v): part of s(i)}."""
        parts = {}
        for j in self.likes[self.owner]:
            q = {v: self.hop(j, v) * self.last(v, i) for v in self.likes if self.likes[v]}
            total = sum(q.values())
            for v, mass in q.items():
                if mass > 0:
                    gain = self.degree(j) ** self.config.source_gain
                    term = gain * total**self.config.exponent
                    factor = self.degree(i) ** -self.config.item_penalty
                    if self.config.echo:
                        factor *= max(0.01, 1 - self.config.echo * self.echo(i))
                    parts[j, v] = factor * term * mass / total
        return parts

    def score(self, i):
        return sum(self.parts(i).values())

    def excesses(self, i, passes):
        """{x: excess}; passes[v] = {x: share}."""
        s = self.score(i)
        share, prior = defaultdict(float), defaultdict(float)
        for (_, v), part in self.parts(i).items():
            for x, through in passes[v].items():
                share[x] += part / s * through
        for v, t in self.t.items():
            if t > 0:
                for x, through in passes[v].items():
                    prior[x] += t * through
        return {
            x: (share[x] - prior[x]) / (1 - prior[x]) if prior[x] < 1 - 1e-6 else 0.0 for x in share
        }

    def final(self, i, passes):
        worst = max([0.0, *self.excesses(i, passes).values()])
        kept = 1 - self.config.excess_weight * worst**self.config.excess_power
        return self.score(i) * kept


def water_filled(mass, limit):
    """min(level * mass, limit) with sum 1, the level found by bisection."""
    low, high = 0.0, 1e12
    for _ in range(400):
        level = math.sqrt(max(low, 1e-12) * high)
        if sum(min(level * m, limit) for m in mass) < 1:
            low = level
        else:
            high = level
    return [min(high * m, limit) for m in mass]
