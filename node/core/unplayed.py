"""What nobody has played yet, for a list: read on the Peer's thread, looked for on the worker."""

from dataclasses import dataclass

import numpy as np

from node.core.persons import Person
from node.core.similar import Excluded, Kept, Reading
from node.core.state import PeerState
from ranking.discoveries import places
from ranking.recommend import Recommendation, RecommendRequest
from ranking.unplayed import with_unplayed
from ranking.view import TrustView


@dataclass(frozen=True, slots=True, eq=False)
class UnplayedJob:
    """All that the worker needs."""

    state: PeerState
    kept: Kept
    reading: Reading
    excluded: Excluded
    n: int
    every: int
    seed: int

    @classmethod
    def read(
        cls, state: PeerState, person: Person, request: RecommendRequest, seed: int
    ) -> "UnplayedJob | None":
        """None where nothing can come of it: no tags, or no place for a discovery."""
        every, desk = request.config.discovery_every, state.similar
        if not len(state.tags) or not places(request.n, every) or not desk.config.unplayed_chance:
            return None
        known = [item.encode() for item in (*person.facts, *state.blocked_items)]
        named = state.tags.items.lookup_many(known)
        rows = np.concatenate((request.seen_items, request.blocked_items)).astype(np.int32)
        excluded = Excluded(rows, named[named >= 0].tolist())
        kept = desk.peek(person.row, owner=person is state.persons.owner)
        return cls(state, kept, desk.reading(state.tags), excluded, request.n, every, seed)

    def added(self, view: TrustView, made: Recommendation) -> tuple[Recommendation, str]:
        """The list, perhaps with an unplayed item, and its name if the graph has none."""
        desk = self.state.similar
        hint = desk.unplayed(self.kept, view, self.reading, self.excluded, self.seed)
        if hint is None:
            return made, ""
        rng = np.random.default_rng((self.seed, 1))
        return with_unplayed(made, hint.found, self.n, self.every, rng), hint.name
