"""Run the daemon, or its network process, with a ticker of 1 ms in its event loop.

    python -m tests.bench.ticking daemon DIR      as `grapevine daemon`, whose child then ticks too
    python -m tests.bench.ticking child DIR FD    as `python -m node.shell.child FD`

At its end each process writes the times of its ticks to DIR (monotonic seconds, float64). The
product knows nothing of this: what it hands to trio is run beside a second task.
"""

import runpy
import sys
import time
from array import array
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import trio

TICK_S = 0.001


def ticks_file(directory: Path, role: str) -> Path:
    """Where a process of this role writes its ticks."""
    return directory / f"{role}.ticks"


def tick_beside(file: Path) -> None:
    """From now on `trio.run` runs a ticker too."""
    run = trio.run
    ticks = array("d")

    async def tick() -> None:
        while True:
            await trio.sleep(TICK_S)
            ticks.append(time.monotonic())

    def ticking_run(task: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        async def both() -> Any:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(tick)
                result = await task(*arguments)
                nursery.cancel_scope.cancel()
            return result

        try:
            return run(both)
        finally:
            file.write_bytes(ticks.tobytes())

    trio.run = ticking_run


def tick_in_child(directory: Path) -> None:
    """From now on the network process is started through this module."""
    start = trio.lowlevel.open_process

    async def start_ticking(command: tuple[str, ...], **options: Any) -> trio.Process:
        python, dash_m, module, *rest = command
        if module == "node.shell.child":
            here = ("tests.bench.ticking", "child", str(directory))
            command = (python, dash_m, *here, *rest)
        return await start(command, **options)

    trio.lowlevel.open_process = start_ticking


def main() -> None:
    """See the module."""
    role, directory, *rest = sys.argv[1:]
    tick_beside(ticks_file(Path(directory), role))
    if role == "daemon":
        tick_in_child(Path(directory))
        sys.argv = ["grapevine", "daemon"]
        from node.cli.main import run

        run()
    else:
        sys.argv = ["node.shell.child", *rest]
        runpy.run_module("node.shell.child", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
