"""The people who live on this node: what each keeps private, what each lets out.

A fact is private until the person's share policy covers its lane; then publishing writes it into
her feed and the fact remembers the `seq` that carries it (so that it can be voided later).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from protocol.author import FeedWriter
from protocol.ids import AuthorKey, DeviceId, Lane
from protocol.signing import Signer
from trust.earned import Earned, Showings

PERSONS_MAX = 1024
"""Hosted people on one node; adding one more is refused."""


@dataclass(frozen=True, slots=True)
class SharePolicy:
    """What leaves this node for one person. Everything is off until she says otherwise."""

    taste: bool = False
    vouches: bool = False
    negative_vouches: bool = False
    clicks: bool = False

    @property
    def any(self) -> bool:
        """Whether anything leaves at all."""
        return self.taste or self.vouches or self.negative_vouches or self.clicks


@dataclass(slots=True)
class Fact:
    """One item in a person's taste. `weight` in percent (-100..100), `seq` None while private."""

    kind: str
    weight: int
    day: int
    title: str = ""
    tags: tuple[str, ...] = ()
    seq: int | None = None


@dataclass(slots=True)
class VouchFact:
    """Trust in one author, percent; 0 means taken back (kept until the taking back is shared)."""

    weight: int
    seq: int | None = None


@dataclass(slots=True)
class ClickFact:
    """The item was opened at this position of the answer to these words."""

    position: int
    seq: int | None = None


ClickKey = tuple[tuple[str, ...], str]


@dataclass(slots=True)
class Said:
    """What the person's feeds state in public, beyond the `seq` that each fact remembers.

    It is found anew in her own bundles at each start.
    """

    vouches: dict[AuthorKey, int] = field(default_factory=dict)
    """The last public weight of each target, percent."""
    items: dict[str, list[int]] = field(default_factory=dict)
    """Own bundles that state an item in a form replaced since: `forget` voids them, too."""
    elsewhere: dict[str, None] = field(default_factory=dict)
    """Items that feeds of her other devices state, where nothing can be voided from here."""
    addresses: tuple[str, ...] = ()
    """Where she said that her node can be reached."""


@dataclass(slots=True)
class Person:
    """One hosted person. `row` is her author row in the graph, `walk_seed` gives the same trust
    walks as long as no vouch changes."""

    name: str
    signer: Signer
    device: DeviceId
    row: int
    walk_seed: int
    policy: SharePolicy = SharePolicy()
    writers: dict[Lane, FeedWriter] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    vouches: dict[AuthorKey, VouchFact] = field(default_factory=dict)
    clicks: dict[ClickKey, ClickFact] = field(default_factory=dict)
    said: Said = field(default_factory=Said)
    shown: Showings = field(default_factory=Showings)
    earned: dict[bytes, Earned] = field(default_factory=dict)
    """Author -> what she has earned, the most first, as of `earned_day`."""
    earned_day: int = 0
    dirty: bool = True
    """Something may be waiting to be published; a flag so that a quiet tick costs nothing."""
    publishing: bool = False
    """A publication is being made durable; the next one waits for it."""

    @property
    def author(self) -> AuthorKey:
        """The key that her claims are signed with."""
        return self.signer.public_key


class Persons:
    """All hosted people; the first one is the owner."""

    def __init__(self) -> None:
        self._by_name: dict[str, Person] = {}
        self._by_author: dict[AuthorKey, Person] = {}

    def add(self, person: Person) -> None:
        """Take her in. Names and keys are unique; the caller has checked both."""
        self._by_name[person.name] = person
        self._by_author[person.author] = person

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._by_name.values())

    @property
    def owner(self) -> Person:
        """Whose node this is."""
        return next(iter(self._by_name.values()))

    def named(self, name: str | None) -> Person | None:
        """The person of that name; the owner for None."""
        if name is None:
            return self.owner
        return self._by_name.get(name)

    def with_key(self, author: AuthorKey) -> Person | None:
        """The hosted person with this author key."""
        return self._by_author.get(author)

    def facts_total(self) -> int:
        """How many private facts all of them hold together."""
        return sum(len(p.facts) for p in self)
