"""Slow, obvious twin of the click log: a dictionary."""


class NaiveClicks:
    """(term, author, item) -> [position, seen]."""

    def __init__(self, per_term_max):
        self.per_term_max = per_term_max
        self.held = {}
        self.seen = 0

    def add(self, author, term, item, position):
        """Whether it is new; the smallest position stands."""
        new = (term, author, item) not in self.held
        said = self.held.setdefault((term, author, item), [position, self.seen])
        said[0] = min(said[0], position)
        self.seen += 1
        return new

    def thin_out(self):
        """Keys that go where an author has too many for a term: her oldest eighth for it."""
        gone = []
        for pair in {key[:2] for key in self.held}:
            hers = sorted((k for k in self.held if k[:2] == pair), key=lambda k: self.held[k][1])
            if len(hers) > self.per_term_max:
                gone += hers[: len(hers) - (self.per_term_max - self.per_term_max // 8)]
        for key in gone:
            del self.held[key]
        return gone

    def rows(self, terms=None):
        """(term, author, item, position), sorted."""
        return sorted(
            (*key, position)
            for key, (position, _) in self.held.items()
            if terms is None or key[0] in terms
        )
