"""import: a file of another program into somebody's taste."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node.cli.command import command, new_app
from node.cli.session import Session, count, usage
from node.query.methods import IMPORT_ROWS_MAX
from node.query.schema import REQUEST_BYTES_MAX, QueryError

if TYPE_CHECKING:
    from node.importing.reader import ImportResult
    from node.importing.rows import ImportRow, Reject

app = new_app()

REJECTS_SHOWN = 10
"""Rejected rows that are printed; all are in the rejects file."""

NAMESPACE = re.compile(r"([a-z][a-z0-9_-]{0,31}:)+")

QUERY_BYTES = REQUEST_BYTES_MAX // 2
ROW_BYTES = 64
"""What a query of rows may take, and a row beside its texts: both with room to spare."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the file itself does not say."""

    map: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="ROLE=COLUMN",
            help="user, item, rating, weight, plays, time, title.",
        ),
    ] = None
    titles: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file with the titles.")
    ] = None
    namespace: Annotated[
        str, typer.Option(metavar="NAME:", help="Put before bare item ids, e.g. book:")
    ] = ""
    scale: Annotated[
        float, typer.Option(min=0.1, metavar="MAX", help="The best rating there is.")
    ] = 5.0
    encoding: Annotated[
        str, typer.Option(metavar="NAME", help="How the text is written, e.g. latin-1.")
    ] = ""


@command(app, "import")
def import_(
    session: Session,
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON lines, u.data or ratings.csv.")],
    reading: Reading,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Only this user's rows.")
    ] = None,
    people: Annotated[
        bool, typer.Option("--people", help="Every user of the file becomes a person here.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report only.")] = False,
) -> None:
    """Import a history. Private until shared; a second import of the same file adds nothing.

    Rows that cannot be read are written, with line numbers and reasons, to a rejects file and the
    rest is imported (exit 12).
    """
    from node.importing.rejects import RejectsFile

    if people and user is not None:
        raise usage("--people and --user exclude each other", "leave one of them out")
    if reading.namespace and not NAMESPACE.fullmatch(reading.namespace):
        raise usage(
            f"{reading.namespace!r} is no namespace", "small letters and a colon: --namespace book:"
        )
    if not dry_run:
        session.client().close()  # rather now than after a long read
    shown: list[str] = []
    with RejectsFile(session.paths.rejects, file.name) as rejects:

        def reject(row: "Reject") -> None:
            if len(shown) < REJECTS_SHOWN:
                shown.append(f"{row.file}:{row.line}: {row.reason}")
            if not dry_run:
                rejects.add(row)

        result = _read(session, file, reading, user, reject)
    _one_history(file, result, user, people)
    told = {"imported": 0, "duplicate": 0, "people": 0}
    if not dry_run:
        told = _send(session, result.rows, people)
    _report(session, result, told, shown, rejects.path)


def _read(
    session: Session,
    file: Path,
    reading: Reading,
    user: str | None,
    reject: "Callable[[Reject], None]",
) -> "ImportResult":
    from node.importing.layout import parse_columns
    from node.importing.reader import ImportOptions, read_import

    options = ImportOptions(
        today=int(time.time()) // 86_400,
        columns=parse_columns(reading.map or ()),
        encoding=reading.encoding,
        namespace=reading.namespace,
        rating_scale=reading.scale,
        titles=reading.titles,
        user=user,
    )
    return read_import(file, options, reject=reject, progress=_progress(session, "read"))


def _one_history(file: Path, result: "ImportResult", user: str | None, people: bool) -> None:
    """Nobody's taste is made of several people's by accident."""
    users = list(dict.fromkeys(row.user for row in result.rows))
    if user is not None and not users and result.others:
        raise QueryError("not_found", f"{file.name} has no row that can be read of user {user!r}")
    if not people and len(users) > 1:
        raise usage(
            f"{file.name} holds the histories of {len(users)} users",
            f"take one with --user {users[0]}, or make each a person here with --people",
        )


def _send(session: Session, rows: "list[ImportRow]", people: bool) -> dict[str, int]:
    told = {"imported": 0, "duplicate": 0, "people": 0}
    progress = _progress(session, "imported")
    done = 0
    with session.client() as daemon:
        for batch in batches(rows, people):
            try:
                data = session.ask_on(daemon, "import_rows", rows=batch, people=people)
            except (QueryError, KeyboardInterrupt):
                session.say(f"{done} of {len(rows)} rows are kept; import again for the rest")
                raise
            told["imported"] += data["imported"]
            told["duplicate"] += data["duplicate"]
            told["people"] += len(data["people"])
            done += len(batch)
            progress(done)
    return told


def batches(rows: "list[ImportRow]", people: bool) -> Iterator[list[list[Any]]]:
    """The rows as they travel, cut so that every query fits into its frame."""
    batch: list[list[Any]] = []
    size = 0
    for row in rows:
        user = row.user if people else None
        texts = (user, row.item, row.title, *row.tags)
        row_bytes = ROW_BYTES + sum(len(text.encode()) + 8 for text in texts if text)
        if batch and (size + row_bytes > QUERY_BYTES or len(batch) == IMPORT_ROWS_MAX):
            yield batch
            batch, size = [], 0
        batch.append([user, *row[1:]])
        size += row_bytes
    if batch:
        yield batch


def _progress(session: Session, verb: str) -> Callable[[int], None]:
    """Counts on one line of stderr, four times a second, when a person is watching."""
    if session.json or not sys.stderr.isatty():
        return lambda _count: None
    last = 0.0

    def show(number: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= 0.25:
            last = now
            print(f"\r{verb} {number} rows", end="\r", file=sys.stderr, flush=True)

    return show


def _report(
    session: Session,
    result: "ImportResult",
    told: dict[str, int],
    shown: list[str],
    rejects: Path | None,
) -> None:
    data = told | {
        "format": result.layout.name,
        "columns": dict(result.layout.roles),
        "read": result.read,
        "repeated": result.repeated,
        "others": result.others,
        "rejected": result.rejected,
        "rejects_file": str(rejects) if rejects else None,
        "dated": result.dated,
    }
    for line in shown:
        session.say(line)
    if result.rejected:
        session.exit_code = 12
        more = f", all of them in {rejects}" if rejects else ""
        session.say(f"{count(result.rejected, 'row')} could not be read{more}")
    columns = ", ".join(f"{role} from {name}" for role, name in result.layout.roles.items())
    session.say(f"columns of {result.layout.name}: {columns}")
    if not result.dated:
        session.say("no column holds times (--map time=COLUMN): everything counts as of today")
    parts = [f"{told['imported']} imported", f"{told['duplicate']} known already"]
    parts += [f"{result.repeated} repeated"] if result.repeated else []
    parts += [f"{result.others} of other users"] if result.others else []
    parts += [f"{result.rejected} rejected"] if result.rejected else []
    people = f" for {told['people']} new people" if told["people"] else ""
    session.show(data, f"{result.read} rows read: {', '.join(parts)}{people}")
