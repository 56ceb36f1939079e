"""like, forget, share."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from node.cli.command import command, new_app
from node.cli.session import Session

app = new_app()


@dataclass(frozen=True, slots=True)
class Switches:
    """Kinds of records to switch on or off; None leaves one as it is."""

    taste: Annotated[
        bool | None, typer.Option("--taste/--no-taste", help="Items and what you think of them.")
    ] = None
    vouches: Annotated[
        bool | None, typer.Option("--vouches/--no-vouches", help="Whom you trust.")
    ] = None
    negative_vouches: Annotated[
        bool | None,
        typer.Option("--negative-vouches/--no-negative-vouches", help="Whom you distrust."),
    ] = None
    clicks: Annotated[
        bool | None, typer.Option("--clicks/--no-clicks", help="What you opened for which words.")
    ] = None


@command(app, "like")
def like(
    session: Session,
    item: Annotated[str, typer.Argument(help="namespace:name, e.g. ml:movie:50.")],
    kind: Annotated[str, typer.Option(help="play, like, rate, skip or save.")] = "like",
    weight: Annotated[
        float | None,
        typer.Option(min=-1, max=1, help="-1 (dislike) to 1 (like); 0 only says what it is."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="What it is; as often as you like.")
    ] = None,
) -> None:
    """Put an item into your taste. Private until you share taste."""
    data = session.ask("like", item=item, kind=kind, weight=weight, title=title, tags=tag or None)
    kept = "shared" if data["shared"] else "kept on this node"
    session.show(data, f"{item}: {data['weight']:+.2f} ({kept})")
    if data.get("clicked"):
        session.say(f"noted as right for {' '.join(data['clicked'])}, too")


@command(app, "forget")
def forget(session: Session, item: Annotated[str, typer.Argument(help="The item's name.")]) -> None:
    """Take an item out of your taste: erased here, retracted wherever it was shared."""
    data = session.ask("forget", item=item)
    session.show(data, f"forgot {item}")
    if data["retracted"]:
        session.say("nodes that hold it delete it when they hear of this; a copy may survive")


@command(app, "share")
def share(
    session: Session,
    switches: Switches,
    everyone: Annotated[
        bool, typer.Option("--everyone", help="Switch for all people who live on this node.")
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Print the exact records that would leave.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="Records to print with --preview.")
    ] = 100,
) -> None:
    """What leaves this node. Nothing does until you switch it on; anybody may read it then.

    With --preview the switches are tried out and nothing is changed.
    """
    given = {kind: on for kind, on in asdict(switches).items() if on is not None}
    if preview:
        _preview(session, given, limit)
    elif given:
        data = session.ask("share_set", people="*" if everyone else None, **given)
        lines = [f"{person['name']} shares: {_on(person)}" for person in data["people"]]
        if data["changed"] > len(lines):
            lines.append(f"and {data['changed'] - len(lines)} more people")
        session.show(data, *lines, schema="share-set")
        if False in given.values():
            session.say("what has left already stays public; grapevine forget ITEM retracts it")
    else:
        data = session.ask("share_get")
        session.show(
            data,
            f"{data['person']} shares: {_on(data)}",
            f"{data['shared']} records have left, {data['pending']} are waiting,"
            f" {data['private']} are private",
        )


def _preview(session: Session, switches: dict[str, bool], limit: int) -> None:
    data = session.ask("share_preview", limit=limit, **switches)
    if not data["would"]:
        heading = "are waiting to leave"
    elif switches:
        heading = "would leave with these switches"
    else:
        heading = "would leave if everything were shared"
    shown = f", the first {limit} are" if data["total"] > limit else ""
    session.say(f"{data['total']} records {heading}, signed by {data['author']}{shown}:")
    session.show(data, *_records(data["records"]), schema="share-preview")


def _on(policy: dict[str, Any]) -> str:
    kinds = [k for k in ("taste", "vouches", "negative_vouches", "clicks") if policy[k]]
    return ", ".join(k.replace("_", " ") for k in kinds) or "nothing"


def _records(records: list[dict[str, Any]]) -> Iterator[str]:
    for record in records:
        fields = (f"{k}={v!r}" for k, v in record.items() if k not in ("lane", "kind"))
        yield f"{record['kind']:12} {' '.join(fields)}"
