"""init, daemon, status, stop."""

import os
from typing import Annotated, Any

import typer

from node.cli.command import command, new_app
from node.cli.remote import Remote, ask_anywhere
from node.cli.session import Session, count
from node.paths import DataPaths, prepare
from node.query.schema import QueryError

app = new_app()


@command(app, "init")
def init(session: Session) -> None:
    """Make a node: a directory and its keys. Safe to repeat; shares nothing."""
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
        "next": session.next("daemon"),
    }
    session.show(
        data,
        f"{'made' if fresh else 'found'} a node in {paths.root}",
        f"you are {author.hex()}",
        "nothing leaves this node until you say so (grapevine share)",
        f"next: {data['next']}",
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
    from time import time

    from node.store.lock import DirectoryLock

    flags = {
        "network.listen": tuple(listen) if listen else None,
        "network.bootstrap": tuple(bootstrap) if bootstrap else None,
    }
    paths = session.paths
    prepare(paths)
    # At once: the rest takes a second to import, and commands wait for who holds the lock.
    with DirectoryLock(paths.lock, now=time()):
        _run_daemon(paths, flags)


def _run_daemon(paths: DataPaths, flags: dict[str, Any]) -> None:
    import faulthandler
    import logging
    from logging.handlers import RotatingFileHandler

    from node.config import load_config
    from node.paths import kernel_cache

    config = load_config(paths.config, flags=flags)
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
    """How the node is doing: people, peers, graph, sharing, and what is wrong."""
    data = ask_anywhere(session, remote, "status")
    if remote is None:
        data["directory"] = str(session.paths.root)
    if check and data.get("faults"):  # advice is none
        session.exit_code = 10
    session.show(data, *_status_lines(data))


def _status_lines(data: dict[str, Any]) -> list[str]:
    if "graph" not in data:  # another node says less
        return [f"{key}: {value}" for key, value in data.items()]
    graph, sharing, gossip = data["graph"], data["sharing"], data["gossip"]
    shared = [k for k in ("taste", "vouches", "negative_vouches", "clicks") if sharing[k]]
    memory = f"{graph['bytes'] / 2**20:.1f} of {graph['bytes_max'] / 2**20:.0f} MiB"
    running = f"{_duration(data['uptime_s'])}, version {data['version']}, pid {data['pid']}"
    return [
        f"{data['person']}  {data['author']}",
        f"running   {running}",
        f"people    {data['people']} here, {graph['authors']} heard of",
        f"taste     {count(data['items'], 'item')}, {count(data['vouches'], 'vouch', 'vouches')}"
        + (f", {data['earned']} earned trust" if data["earned"] else ""),
        f"sharing   {', '.join(shared).replace('_', ' ') or 'nothing'}"
        f" ({sharing['shared']} shared, {sharing['pending']} waiting)",
        f"peers     {data['peers']} connected, {count(gossip['followed'], 'author')} followed",
        f"graph     {count(graph['edges'], 'edge')}, {count(graph['items'], 'item')}, {memory}",
        f"store     {data['store']['bytes'] / 2**20:.1f} MiB in {data['directory']}",
        f"address   {', '.join(data['addresses']) or 'none yet'}",
    ]


def _duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h`, `5 days`: as exact as a glance needs."""
    for size, unit in ((172_800, "days"), (7200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds * 2 / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def next_step(session: Session) -> None:
    """What `grapevine` alone prints: the state, and the next useful command."""
    root = session.paths.root
    data: dict[str, Any] = {"directory": str(root), "state": "no node"}
    lines = [f"no node in {root} yet"]
    if not session.paths.author_key.exists():
        todo = session.next("init")
    else:
        try:
            status = session.ask("status")
        except QueryError as error:
            if error.code != "daemon_not_running":
                raise
            data["state"], todo = "stopped", session.next("daemon")
            lines = [error.message]
        else:
            data["state"], todo = "running", session.next(_useful(status))
            lines = _status_lines(status | {"directory": str(root)})
    session.show(data | {"next": todo}, *lines, f"next: {todo}")


def _useful(status: dict[str, Any]) -> str:
    """The command that brings this node on."""
    if not status["items"]:
        return "import FILE"
    return "recommend" if status["vouches"] else "trust PEER"
