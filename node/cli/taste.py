"""like, import, forget, share."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from node.cli.session import Session, clean, command, usage

app = typer.Typer(add_completion=False, rich_markup_mode=None)

ROWS_PER_QUERY = 200
"""Rows sent to the daemon at once; with long titles they stay below its frame limit."""

Switch = Annotated[str | None, typer.Option(metavar="on|off")]


@command(app, "like")
def like(
    session: Session,
    item: Annotated[str, typer.Argument(help="namespace:name, e.g. ml:movie:50.")],
    kind: Annotated[str, typer.Option(help="play, like, rate, skip or save.")] = "like",
    weight: Annotated[
        float | None, typer.Option(min=-1, max=1, help="-1 (dislike) to 1 (like).")
    ] = None,
    title: Annotated[str | None, typer.Option(help="What it is called.")] = None,
) -> None:
    """Put an item into your taste. Private until you share taste."""
    data = session.ask("like", item=item, kind=kind, weight=weight, title=title)
    kept = "shared" if data["shared"] else "kept on this node"
    session.show(data, f"{item}: {data['weight']:+.2f} ({kept})")


@command(app, "import")
def import_(
    session: Session,
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON lines, u.data or ratings.csv.")],
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="ROLE=COLUMN", help="user, item, weight, rating, time, ..."),
    ] = None,
    titles: Annotated[Path | None, typer.Option(help="The file with the titles.")] = None,
    namespace: Annotated[str, typer.Option(help="Put before bare item ids, e.g. book:")] = "",
    scale: Annotated[float, typer.Option(min=0.1, help="The best rating there is.")] = 5.0,
    people: Annotated[
        bool, typer.Option("--people", help="Every user of the file becomes a person here.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report only.")] = False,
) -> None:
    """Import a history. Private until shared; a second import of the same file adds nothing.

    Rows that cannot be read are written, with line numbers and reasons, to a rejects file and the
    rest is imported (exit 12).
    """
    from node.importing.layout import parse_columns
    from node.importing.reader import ImportOptions, read_import
    from node.importing.rejects import RejectsFile
    from node.paths import prepare

    options = ImportOptions(
        today=int(time.time()) // 86_400,
        columns=parse_columns(map_ or ()),
        namespace=namespace,
        rating_scale=scale,
        titles=titles,
    )
    paths = session.paths
    prepare(paths)
    shown: list[str] = []
    with RejectsFile(paths.rejects, file.name) as rejects:

        def reject(row: Any) -> None:
            if len(shown) < 10:
                shown.append(f"{row.file}:{row.line}: {row.reason}")
            rejects.add(row)

        result = read_import(file, options, reject=reject, progress=_progress(session, "read"))
        rows = [list(row) for row in result.rows]
        told = {"imported": 0, "duplicate": 0, "people": 0}
        if not dry_run:
            told = _send(session, rows, people)
    data = told | {
        "format": result.layout.name,
        "read": result.read,
        "repeated": result.repeated,
        "rejected": result.rejected,
        "rejects_file": str(rejects.path) if rejects.path else None,
        "dated": result.dated,
        "dry_run": dry_run,
    }
    for line in shown:
        session.say(line)
    if result.rejected:
        session.exit_code = 12
        session.say(f"{result.rejected} rows could not be read: {rejects.path}")
    if not result.dated:
        session.say("the file has no times: everything counts as of today")
    session.show(
        data,
        f"{data['read']} rows read as {data['format']}: {data['imported']} imported,"
        f" {data['duplicate']} known already, {data['repeated']} repeated,"
        f" {data['rejected']} rejected",
    )


def _send(session: Session, rows: list[list[Any]], people: bool) -> dict[str, int]:
    told = {"imported": 0, "duplicate": 0, "people": 0}
    progress = _progress(session, "imported")
    with session.client() as daemon:
        for start in range(0, len(rows), ROWS_PER_QUERY):
            batch = rows[start : start + ROWS_PER_QUERY]
            params = session.parameters({"rows": batch, "people": people})
            data = session.note(daemon.ask("import_rows", **params))
            told["imported"] += data["imported"]
            told["duplicate"] += data["duplicate"]
            told["people"] += len(data["people"])
            progress(start + len(batch))
    return told


def _progress(session: Session, verb: str) -> Any:
    """Counts on one line of stderr, four times a second, when a person is watching."""
    if session.json or not sys.stderr.isatty():
        return lambda _count: None
    last = 0.0

    def show(count: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= 0.25:
            last = now
            print(f"\r{verb} {count} rows", end="\r", file=sys.stderr, flush=True)

    return show


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
    taste: Switch = None,
    vouches: Switch = None,
    negative_vouches: Switch = None,
    clicks: Switch = None,
    everyone: Annotated[
        bool, typer.Option("--everyone", help="For all people who live on this node.")
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Print the exact records that would leave.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Records to preview.")] = 100,
) -> None:
    """What leaves this node. Nothing does until you switch it on; everyone may read it then."""
    switches = {
        "taste": _switch("taste", taste),
        "vouches": _switch("vouches", vouches),
        "negative_vouches": _switch("negative-vouches", negative_vouches),
        "clicks": _switch("clicks", clicks),
    }
    if preview:
        data = session.ask("share_preview", limit=limit)
        heading = "would leave if everything were shared" if data["would"] else "waiting to leave"
        session.say(f"{data['total']} records {heading}, signed by {data['author']}:")
        session.show(data, *_records(data["records"]))
        return
    if any(value is not None for value in switches.values()):
        people = "*" if everyone else None
        data = session.ask("share_set", people=people, **switches)
        shown = [f"{p['name']}: {_on(p)}" for p in data["people"]]
        session.show(data, *shown)
        return
    data = session.ask("share_get")
    session.show(
        data,
        f"{data['person']} shares: {_on(data)}",
        f"{data['shared']} records have left, {data['pending']} are waiting,"
        f" {data['private']} are private",
    )


def _switch(name: str, value: str | None) -> bool | None:
    if value is None:
        return None
    if value not in ("on", "off"):
        raise usage(f"--{name} is 'on' or 'off', not {value!r}", f"e.g. --{name} on")
    return value == "on"


def _on(policy: dict[str, Any]) -> str:
    kinds = [k for k in ("taste", "vouches", "negative_vouches", "clicks") if policy[k]]
    return ", ".join(k.replace("_", " ") for k in kinds) or "nothing"


def _records(records: list[dict[str, Any]]) -> Iterator[str]:
    for record in records:
        fields = (f"{k}={v!r}" for k, v in record.items() if k not in ("lane", "kind"))
        yield clean(f"{record['kind']:12} {' '.join(fields)}")
