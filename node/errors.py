"""What can stop a node on its own machine: each failure says what to do and how a script sees it.

Raised by `config`, `paths`, `identity` and `store`; the command line prints `message` and `hint`
and exits with `exit_code`. Nothing here is ever a remote peer's fault.
"""

from typing import ClassVar


class NodeError(Exception):
    """A local failure that its reader can act upon. Nothing was changed unless a subclass says so.

    `code` names the failure in JSON, `exit_code` is the process's exit status, `hint` is the next
    step (a command where there is one).
    """

    code: ClassVar[str] = "node_error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
