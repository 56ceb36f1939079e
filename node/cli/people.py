"""trust, peers, people, block, allow, id, netcheck."""

from typing import Annotated

import typer

from node.cli.command import command, new_app
from node.cli.session import Session, count

app = new_app()

Undo = Annotated[bool, typer.Option("--undo", help="Take it back.")]


# Without this a weight of -1 would be taken for an option.
@command(app, "trust", context_settings={"ignore_unknown_options": True})
def trust(
    session: Session,
    peer: Annotated[
        str | None, typer.Argument(help="What `grapevine id` prints, or an author key.")
    ] = None,
    weight: Annotated[
        float, typer.Argument(min=-1, max=1, help="1 trust, 0 take back or refuse, -1 distrust.")
    ] = 1.0,
) -> None:
    """Vouch for somebody. Your walks start there; nobody is told unless you share vouches.

    Without PEER: whom your walks trust, and who has earned trust of yours by what they brought.
    """
    if peer is None:
        _show_trusted(session)
        return
    data = session.ask("trust", peer=peer, weight=weight)
    kept = "shared" if data["shared"] else "kept on this node"
    vouch = f"{data['weight']:+.2f}" if data["weight"] else "taken back"
    session.show(data, f"{data['author']}: {vouch} ({kept})")


def _show_trusted(session: Session) -> None:
    data = session.ask("trust_get")
    lines = [f"{p['t']:7.2%}  {p['author']}  {p['name']}".rstrip() for p in data["trusted"]]
    if data["earned"]:
        lines.append("earned, by what they brought (grapevine trust KEY 0 refuses it):")
    for p in data["earned"]:
        hits = f"{p['good']:.1f} good, {p['bad']:.1f} not"
        lines.append(f"{p['part']:7.2%}  {p['author']}  {p['name']}".rstrip() + f"  {hits}")
    if data["unprotected"]:
        session.say(f"you trust nobody yet: {session.next('trust PEER')}")
    session.show(data, *lines, schema="trust-list")


@command(app, "peers")
def peers(session: Session) -> None:
    """Open links, whom each speaks for, and what each was charged with."""
    data = session.ask("peers")
    lines = [
        f"{link['direction']:3} {link['peer_id']}  {link['address']}  {link['age_s']:.0f} s"
        f"  speaks for {link['authors_total']}"
        + (f"  charged {link['points']:g}" if link["points"] else "")
        for link in data["links"]
    ]
    if not lines:
        session.say("no peers are connected")
    session.show(data, *lines)


@command(app, "people")
def people(
    session: Session,
    add: Annotated[str | None, typer.Option(metavar="NAME", help="Host one more person.")] = None,
) -> None:
    """Who lives on this node; each has her own key, taste and share policy."""
    if add is not None:
        made = session.ask("add_person", name=add)
        session.show(made, f"{made['name']}  {made['author']}", schema="people-add")
        return
    data = session.ask("people")
    lines = [
        f"{p['name']:20} {p['author']}  {count(p['items'], 'item')},"
        f" {count(p['vouches'], 'vouch', 'vouches')}" + ("  (owner)" if p["owner"] else "")
        for p in data["people"]
    ]
    session.show(data, *lines)


@command(app, "block")
def block(
    session: Session,
    target: Annotated[
        str, typer.Argument(metavar="PEER|ITEM", help="An author key or its start, or an item.")
    ],
    undo: Undo = False,
) -> None:
    """Never hear of a person, or never see an item, again."""
    data = session.ask("unblock" if undo else "block", target=target)
    session.show(data, f"{'unblocked' if undo else 'blocked'} {data['kind']} {data['target']}")


@command(app, "allow")
def allow(
    session: Session,
    author: Annotated[str, typer.Argument(help="What `grapevine id` prints, or an author key.")],
    undo: Undo = False,
) -> None:
    """Let somebody ask this node for recommendations over the network (`--remote`)."""
    from node.id_string import parse_author, parse_id

    key = parse_id(author).author if author.startswith("grapevine:") else parse_author(author)
    data = session.ask("disallow" if undo else "allow", author=key.hex())
    session.show(data, f"{'no longer allowed' if undo else 'allowed'}: {data['author']}")


@command(app, "id")
def id_(session: Session) -> None:
    """One string, key and addresses, that a friend hands to `grapevine trust`."""
    from node.id_string import format_id
    from node.identity import author_key, read_seed
    from node.query.schema import QueryError

    try:
        data = session.ask("id")
        data["id"] = format_id(bytes.fromhex(data["author"]), data["addresses"])  # type: ignore[arg-type]
    except QueryError as error:
        if error.code != "daemon_not_running" or session.person is not None:
            raise
        author = author_key(read_seed(session.paths.author_key))
        data = {"name": "me", "author": author.hex(), "addresses": [], "id": format_id(author)}
        session.say("no daemon is running, so this id names no addresses")
    session.show(data, str(data["id"]))


@command(app, "netcheck")
def netcheck(session: Session) -> None:
    """Whether others can reach this node: yes, no or unknown, and what to do."""
    data = session.ask("netcheck")
    lines = [f"reachable: {data['reachable']}"]
    for check in data["checks"]:
        lines.append(f"  {check['status']:8} {check['name']}: {check['detail']}")
        if check["remedy"] and check["status"] != "yes":
            lines.append(f"           {check['remedy']}")
    session.show(data, *lines)
