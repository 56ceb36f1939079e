"""completion: what a shell sources to complete commands and options."""

from typing import Annotated

import typer

from node.cli.command import COMPLETE, command, new_app
from node.cli.session import Session, usage

app = new_app()


@command(app, "completion")
def completion(
    session: Session, shell: Annotated[str, typer.Argument(help="bash, zsh or fish.")]
) -> None:
    """Print the script that the shell sources, e.g. eval "$(grapevine completion bash)"."""
    from typer._completion_shared import get_completion_script

    if shell not in ("bash", "zsh", "fish"):
        raise usage(f"no completion for {shell!r}", "one of: bash, zsh, fish")
    script = get_completion_script(prog_name="grapevine", complete_var=COMPLETE, shell=shell)
    session.show({"shell": shell, "script": script}, script)
