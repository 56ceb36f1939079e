"""Slow, obvious twins of the storage kernels and of the graph, on dictionaries and lists."""

MASK = 2**64 - 1


def siphash13(data, key):
    """SipHash-1-3 as its authors describe it, on unbounded ints."""
    k0, k1 = key & MASK, key >> 64 & MASK
    v = [
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    ]

    def rotated(x, by):
        return (x << by | x >> 64 - by) & MASK

    def sip_round():
        v[0] = v[0] + v[1] & MASK
        v[1] = rotated(v[1], 13) ^ v[0]
        v[0] = rotated(v[0], 32)
        v[2] = v[2] + v[3] & MASK
        v[3] = rotated(v[3], 16) ^ v[2]
        v[0] = v[0] + v[3] & MASK
        v[3] = rotated(v[3], 21) ^ v[0]
        v[2] = v[2] + v[1] & MASK
        v[1] = rotated(v[1], 17) ^ v[2]
        v[2] = rotated(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v[3] ^= word
        sip_round()
        v[0] ^= word
    v[2] ^= 255
    for _ in range(3):
        sip_round()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def merged(block, statements):
    """block, and the result: {item: (seq, device, day, weight)}. statements: the same with the
    item in front, in the order in which they were made; item -1 is nobody's."""
    block = dict(block)
    for item, *said in statements:
        if item >= 0 and tuple(said[:2]) >= block.get(item, (-1, -1))[:2]:
            block[item] = tuple(said)
    return block


def decay(day, today, half_life):
    """Half for each half-life, never below 2^-10."""
    if half_life is None:
        return 1.0
    return 2.0 ** -min(max(today - day, 0) / half_life, 10)


def transposed(rows):
    """[[(column, value)]] by row -> {column: [(row, value)]}."""
    columns = {}
    for row, entries in enumerate(rows):
        for column, value in entries:
            columns.setdefault(column, []).append((row, value))
    return columns


class NaiveGraph:
    """{author: {item: (seq, device, day, weight)}}, all by name, with quotas and no other cap."""

    def __init__(self, quota, protected_quota):
        self.edges = {}
        self.said = {}
        """Every statement ever put: what an edge above the caps may still be."""
        self.protected = set()
        self._quotas = quota, protected_quota

    def quota(self, author):
        return self._quotas[author in self.protected]

    def put(self, author, items, weights, days, seq, device):
        statements = [
            (item, (seq, device, day, weight))
            for item, day, weight in zip(items, days, weights, strict=True)
            if 0 < len(item) <= 255
        ]
        edges = self.edges.setdefault(author, {})
        for item, said in statements:
            self.said.setdefault((author, item), set()).add(said)
            if said[:2] >= edges.get(item, (-1, -1))[:2]:
                edges[item] = said

    def over_quota(self, author):
        return len(self.edges.get(author, {})) > self.quota(author)

    def evict_oldest(self, author, kept):
        """The author is over her quota and must lose her oldest by (day, seq); of equally old ones
        it does not matter which, so `kept` chooses."""
        edges = self.edges[author]

        def ages(items):
            return sorted((edges[item][2], edges[item][0]) for item in items)

        assert kept <= edges.keys()
        assert ages(kept) == ages(edges)[-self.quota(author) :]
        self.edges[author] = {item: edges[item] for item in kept}

    def remove(self, author, items):
        for item in items:
            self.edges.get(author, {}).pop(item, None)

    def drop(self, author):
        self.edges.pop(author, None)

    def live(self):
        return {author: edges for author, edges in self.edges.items() if edges}

    def liked(self, today, half_life):
        """{(author, item): affinity in (0, 1]}."""
        return {
            (author, item): weight / 100 * decay(day, today, half_life)
            for author, edges in self.edges.items()
            for item, (_, _, day, weight) in edges.items()
            if weight > 0
        }

    def disliked(self):
        return {
            (author, item)
            for author, edges in self.edges.items()
            for item, said in edges.items()
            if said[3] < 0
        }
