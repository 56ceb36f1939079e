"""people, add_person: who lives on this node."""

from collections.abc import Sequence
from dataclasses import dataclass

from node.core.events import Answer, Asked, CommitFailed, Effect, Event, PutPerson
from node.core.methods import params
from node.core.persons import PERSONS_MAX, Person
from node.core.state import PeerState, refuse
from protocol.author import FeedWriter
from protocol.ids import DeviceId, Lane
from protocol.signing import Signer

NAME_CHARS_MAX = 64


def new_person(state: PeerState, name: str, signer: Signer, device: DeviceId) -> Person:
    """A person in memory: her row is protected, her vouches are never refused."""
    row = state.graph.author_row(signer.public_key)
    if row < 0:
        raise ValueError("the graph has no room for the people of this node: raise its bytes_max")
    person = Person(
        name, signer, device, row, walk_seed=int.from_bytes(signer.public_key[:6], "big")
    )
    for lane in Lane:
        person.writers[lane] = FeedWriter(signer, state.config.network, device, lane)
    state.persons.add(person)
    state.trust.protect(row)
    state.clicks.protect(row)
    state.tags.protect(row)
    state.graph.set_priority(row, float("inf"))
    return person


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody about to live here: she does once the write is durable."""

    name: str
    signer: Signer
    device: DeviceId
    write: PutPerson

    @classmethod
    def drawn(cls, state: PeerState, name: str) -> "Newcomer":
        """With a new key and device."""
        seed, device = state.new_seed(), DeviceId(state.new_seed()[:8])
        signer = Signer(seed)
        return cls(name, signer, device, PutPerson(name, signer.public_key, seed, device))


def is_name(name: str) -> bool:
    """Whether a person may be called so."""
    return 0 < len(name) <= NAME_CHARS_MAX and name.isprintable() and name == name.strip()


def refusal_of(state: PeerState, names: Sequence[str]) -> tuple[str, str] | None:
    """Why people of these new names cannot move in (error code and message), None if they can."""
    for name in names:
        if not is_name(name):
            return "usage", f"{name[:64]!r}: a name is 1 to {NAME_CHARS_MAX} printable characters"
        if name in state.moving_in:
            return "busy", f"{name!r} is just moving in: try again in a second"
    if len(state.persons) + len(state.moving_in) + len(names) > PERSONS_MAX:
        return "usage", f"at most {PERSONS_MAX} people can live on a node"
    if len(state.graph.authors) + len(names) > state.graph.config.authors_max:
        return "store", "the graph has no room for another author"
    return None


def move_in(state: PeerState, newcomers: Sequence[Newcomer]) -> None:
    """The writes are durable: they live here."""
    for newcomer in newcomers:
        new_person(state, newcomer.name, newcomer.signer, newcomer.device)


def on_add_person(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Host one more person."""
    name = params.text(asked.params, "name").strip()
    if state.persons.named(name) is not None:
        return refuse(asked, "usage", f"somebody called {name!r} lives here already")
    refusal = refusal_of(state, [name])
    if refusal is not None:
        return refuse(asked, *refusal)
    newcomer = Newcomer.drawn(state, name)
    state.moving_in[name] = None

    def on_done(event: Event, _now: float) -> list[Effect]:
        del state.moving_in[name]
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        move_in(state, [newcomer])
        return [Answer(asked.token, {"name": name, "author": newcomer.write.author.hex()})]

    return [state.commit([newcomer.write], on_done)]


def on_people(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Everybody hosted here."""
    people = [
        {
            "name": person.name,
            "author": person.author.hex(),
            "items": len(person.facts),
            "vouches": sum(1 for v in person.vouches.values() if v.weight),
            "owner": person is state.persons.owner,
        }
        for person in state.persons
    ]
    return [Answer(asked.token, {"people": people})]
