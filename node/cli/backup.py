"""backup create, backup restore."""

import time
from pathlib import Path
from typing import Annotated

import typer

from node.cli.command import command, new_app
from node.cli.session import Session, count

backups = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="Save the node to a file, or bring it back."
)
app = new_app()
app.add_typer(backups, name="backup")


@app.callback()
def _group() -> None:
    """Keeps `backup` a group of commands."""


@command(backups, "create", schema="backup-create")
def create(session: Session, file: Annotated[Path, typer.Argument(help="A new file.")]) -> None:
    """Write everything, keys included, to one private file; the daemon goes on meanwhile."""
    data = session.ask("backup_create", path=str(file.absolute()))
    session.show(data, f"saved {data['bytes'] / 2**20:.1f} MiB to {data['path']}")
    session.say("whoever can read this file can speak as you: keep it safe")


@command(backups, "restore", schema="backup-restore")
def restore(session: Session, file: Annotated[Path, typer.Argument(help="A backup.")]) -> None:
    """Bring a node back in an empty directory, as a device that cannot contradict the old one."""
    from node.store.backup import restore as restore_backup

    summary = restore_backup(file, session.paths, now=time.time())
    data = {
        "directory": str(session.paths.root),
        "people": list(summary.persons),
        "facts": summary.facts,
        "bundles": summary.bundles,
    }
    people = count(len(summary.persons), "person", "people")
    facts = count(summary.facts, "item")
    session.show(
        data,
        f"restored {people} and {facts} to {session.paths.root}",
        f"next: {session.next('daemon')}",
    )
