"""Kept walks on lists and dictionaries, from the rule and not from the code."""

import math


class KeptTwin:
    """Draws the same numbers in the same order as `ranking.kernels_kept`.

    graph: {node: ({target: weight}, leak)}.
    """

    def __init__(self, graph, first, n_walks, steps_max, alpha, rng):
        self.graph, self.alpha, self.steps_max, self.rng = dict(graph), alpha, steps_max, rng
        self.walks = [self.grown([first]) for _ in range(n_walks)]

    def chances(self, node):
        """{target or None: probability} of one choice."""
        edges, leak = self.graph.get(node, ({}, 0.0))
        if not edges:
            return {None: 1.0}
        total = math.fsum(edges.values()) + leak
        chances = {x: (1 - self.alpha) * w / total for x, w in edges.items()}
        return chances | {None: 1 - math.fsum(chances.values())}

    def chosen(self, gains):
        x = self.rng.random() * sum(gains.values())
        for to, gain in gains.items():
            x -= gain
            if x < 0:
                return to
        raise AssertionError("a draw beyond the sum")

    def grown(self, walk):
        while len(walk) <= self.steps_max:
            edges, leak = self.graph.get(walk[-1], ({}, 0.0))
            draw = self.rng.random()
            if not edges or draw < self.alpha:
                break
            x = (draw - self.alpha) / (1 - self.alpha) * (sum(edges.values()) + leak)
            for target, weight in edges.items():
                x -= weight
                if x < 0:
                    walk.append(target)
                    break
            else:
                break
        return walk

    def change(self, node, edges, leak=0.0):
        self.change_all({node: (edges, leak)})

    def change_all(self, rows):
        """Choices before the change are coupled with choices after it, node by node."""
        before = {node: self.chances(node) for node in rows}
        self.graph.update(rows)
        drawn_from = [math.inf] * len(self.walks)
        for node in rows:
            old, new = before[node], self.chances(node)
            gains = {x: p - old.get(x, 0.0) for x, p in new.items() if p > old.get(x, 0.0) + 1e-12}
            if not gains:
                continue
            for r, walk in enumerate(self.walks):
                for k, here in enumerate(walk):
                    if here != node or k >= drawn_from[r] or k == self.steps_max:
                        continue
                    chosen = walk[k + 1] if k + 1 < len(walk) else None
                    stay = new.get(chosen, 0.0) / old[chosen]
                    if stay >= 1 - 1e-12 or self.rng.random() < stay:
                        continue
                    to = self.chosen(gains)
                    walk = walk[: k + 1]
                    self.walks[r] = walk if to is None else self.grown([*walk, to])
                    drawn_from[r] = k + 1
                    break
