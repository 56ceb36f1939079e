"""Asking another node: through the local daemon, or through a one-shot process without one."""

import json
import subprocess
import sys
from typing import Annotated, Any

import typer

from node.cli.session import Session
from node.query.schema import QueryError

Remote = Annotated[
    str | None,
    typer.Option(
        "--remote",
        metavar="MULTIADDR",
        help="Ask this node, whose owner has allowed your author key.",
    ),
]

ONE_SHOT_S = 60.0
"""How long a one-shot query may take, its start included."""


def ask_anywhere(
    session: Session, remote: str | None, query: str, /, **params: Any
) -> dict[str, Any]:
    """Ask the local daemon, or the node at `remote`."""
    if remote is None:
        return session.ask(query, **params)
    given = session.parameters(params)
    try:
        return session.ask("remote", address=remote, query=query, params=given)
    except QueryError as error:
        if error.code != "daemon_not_running":
            raise
    return _one_shot(session, remote, query, given)


def _one_shot(session: Session, remote: str, query: str, params: dict[str, Any]) -> dict[str, Any]:
    session.say("no daemon is running here: asking directly")
    request = {"address": remote, "query": query, "params": params}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "node.shell.oneshot", str(session.paths.root)],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=ONE_SHOT_S,
            check=False,
        )
        told = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise QueryError("timeout", f"no answer from {remote} in {ONE_SHOT_S:.0f} s") from None
    except ValueError:
        last = done.stderr.decode(errors="replace").strip().splitlines()
        reason = last[-1] if last else "it printed nothing"
        raise QueryError("internal", f"the one-shot query failed: {reason}") from None
    if "error" in told:
        error = told["error"]
        raise QueryError(error["code"], error["message"], error["hint"])
    session.warnings += told["warnings"]
    data: dict[str, Any] = told["data"]
    return data
