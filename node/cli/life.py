"""init, daemon, status, stop."""

import os
from typing import Annotated, Any

import typer

from node.cli.remote import Remote, ask_anywhere
from node.cli.session import Session, command
from node.paths import data_paths, prepare
from node.query.client import QueryClient
from node.query.schema import QueryError

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@command(app, "init")
def init(session: Session) -> None:
    """Make a node: a directory, a key, an empty store. Safe to repeat; shares nothing."""
    from node.id_string import format_id
    from node.identity import author_key, read_or_create_seed

    paths = session.paths
    prepare(paths)
    fresh = not paths.author_key.exists()
    author = author_key(read_or_create_seed(paths.author_key))
    read_or_create_seed(paths.transport_key)
    data = {
        "created": fresh,
        "directory": str(paths.root),
        "author": author.hex(),
        "id": format_id(author),
        "sharing": "nothing",
        "next": "grapevine daemon",
    }
    session.show(
        data,
        f"{'made' if fresh else 'found'} a node in {paths.root}",
        f"you are {author.hex()}",
        "nothing leaves this node until you say so (grapevine share)",
        "next: grapevine daemon",
    )


@command(app, "daemon")
def daemon(
    session: Session,
    listen: Annotated[
        list[str] | None, typer.Option(metavar="MULTIADDR", help="Where to listen; repeatable.")
    ] = None,
    bootstrap: Annotated[
        list[str] | None, typer.Option(metavar="MULTIADDR", help="Whom to ask first; repeatable.")
    ] = None,
) -> None:
    """Run the node in the foreground. SIGTERM stops it in order, a second one at once."""
    import faulthandler
    import logging
    from logging.handlers import RotatingFileHandler

    from node.config import load_config
    from node.paths import kernel_cache

    paths = session.paths
    flags = {
        "network.listen": tuple(listen) if listen else None,
        "network.bootstrap": tuple(bootstrap) if bootstrap else None,
    }
    config = load_config(paths.config, flags=flags)
    prepare(paths)
    on_disk = RotatingFileHandler(
        paths.logs / "daemon.log", maxBytes=config.node.log_bytes_max, backupCount=2, delay=True
    )
    logging.basicConfig(
        level=config.node.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        handlers=[logging.StreamHandler(), on_disk],
    )
    faulthandler.enable()  # compiled code that fails says where
    # Compiled walks are kept for all nodes of this user: only the very first start compiles.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(kernel_cache(paths)))
    from node.shell.daemon import main

    main(config, paths)


@command(app, "stop")
def stop(session: Session) -> None:
    """Stop the daemon in order."""
    data = session.ask("stop")
    session.show(data, f"stopping (pid {data['pid']})")


@command(app, "status")
def status(
    session: Session,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 10 when something is wrong.")
    ] = False,
    remote: Remote = None,
) -> None:
    """How the node is doing: people, peers, graph, sharing, warnings first."""
    data = ask_anywhere(session, remote, "status")
    if check and session.warnings:
        session.exit_code = 10
    session.show(data, *_status_lines(data))


def _status_lines(data: dict[str, Any]) -> list[str]:
    if "graph" not in data:
        return [f"{key}: {value}" for key, value in data.items()]
    graph, sharing, gossip = data["graph"], data["sharing"], data["gossip"]
    shared = [k for k in ("taste", "vouches", "negative_vouches", "clicks") if sharing[k]]
    memory = f"{graph['bytes'] / 2**20:.1f} of {graph['bytes_max'] / 2**20:.0f} MiB"
    return [
        f"{data['person']}  {data['author']}",
        f"people    {data['people']} here, {graph['authors']} heard of",
        f"taste     {data['items']} items, {data['vouches']} vouches",
        f"sharing   {', '.join(shared) or 'nothing'}"
        f" ({sharing['shared']} shared, {sharing['pending']} waiting)",
        f"peers     {data['peers']} connected, {gossip['followed']} authors followed",
        f"graph     {graph['edges']} edges, {graph['items']} items, {memory}",
        f"address   {', '.join(data['addresses']) or 'none yet'}",
    ]


def next_step() -> None:
    """What `grapevine` alone prints: the state, and the next useful command."""
    paths = data_paths()
    if not paths.author_key.exists():
        print(f"no node in {paths.root} yet\nnext: grapevine init")
        return
    try:
        with QueryClient(paths.socket, timeout_s=5) as client:
            data = client.ask("status").data
    except QueryError as error:
        print(f"{error.message} ({paths.root})\nnext: {error.hint.removeprefix('run: ')}")
        return
    print("\n".join(_status_lines(data)))
    if not data["items"]:
        print("next: grapevine import FILE, or: grapevine like ITEM")
    elif not data["vouches"]:
        print("next: grapevine trust PEER 1   (a friend's: grapevine id)")
    else:
        print("next: grapevine recommend")
