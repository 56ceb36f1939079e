"""people, add_person: who lives on this node."""

from node.core.events import Answer, Asked, CommitFailed, Effect, Event, PutPerson
from node.core.methods import params
from node.core.persons import PERSONS_MAX, Person
from node.core.state import PeerState, refuse
from protocol.author import FeedWriter
from protocol.ids import DeviceId, Lane
from protocol.signing import Signer


def new_person(state: PeerState, name: str, signer: Signer, device: DeviceId) -> Person:
    """A person in memory: her row is protected, her vouches are never refused."""
    row = state.graph.author_row(signer.public_key)
    person = Person(
        name, signer, device, row, walk_seed=int.from_bytes(signer.public_key[:6], "big")
    )
    for lane in Lane:
        person.writers[lane] = FeedWriter(signer, state.config.network, device, lane)
    state.persons.add(person)
    state.trust.protect(row)
    state.graph.set_priority(row, float("inf"))
    return person


def add_person(state: PeerState, name: str) -> PutPerson:
    """Draw a key and a device for a new person and take her in; the write makes her durable."""
    seed, device = state.new_seed(), DeviceId(state.new_seed()[:8])
    person = new_person(state, name, Signer(seed), device)
    return PutPerson(name, person.author, seed, device)


def on_add_person(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Host one more person."""
    name = params.text(asked.params, "name").strip()
    if not 0 < len(name) <= 64 or not name.isprintable():
        return refuse(asked, "usage", "a name is 1 to 64 printable characters")
    if state.persons.named(name) is not None:
        return refuse(asked, "usage", f"somebody called {name!r} lives here already")
    if len(state.persons) >= PERSONS_MAX:
        return refuse(asked, "usage", f"at most {PERSONS_MAX} people can live on a node")
    write = add_person(state, name)

    def on_done(event: Event, _now: float) -> list[Effect]:
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        person = state.persons.named(name)
        assert person is not None
        return [Answer(asked.token, {"name": name, "author": person.author.hex()})]

    return [state.commit([write], on_done)]


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
