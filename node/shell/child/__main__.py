"""`python -m node.shell.child FD`: the network process, at the end of the pipe FD."""

import gc
import logging
import socket
import sys

import trio

from node.shell.child.mending import mend
from node.shell.pipe import Failed, Pipe, Start, ToChild

FAREWELL_S = 2.0


async def main(descriptor: int) -> int:
    """Live until the pipe closes; 1 when the process could not go on."""
    pipe: Pipe[ToChild] = Pipe(socket.socket(fileno=descriptor), ToChild)
    first = await pipe.receive()
    if not first or not isinstance(first[0][0], Start):
        return 0  # the daemon has gone before it began
    start = first[0][0]
    config = start.config
    mend(
        slow_reader_s=config.slow_reader_s,
        streams_per_connection_max=config.streams_per_connection_max,
    )
    from node.shell.child.serving import Child  # after the mendings

    try:
        await Child(start, pipe).live()
    except BaseException as error:
        reason = _leaves(error)
        logging.getLogger("grapevine.network").error("the network process stops: %s", reason)
        with trio.move_on_after(FAREWELL_S, shield=True):
            async with trio.open_nursery() as nursery:
                pipe.post(Failed(reason))
                nursery.start_soon(pipe.write_forever)
                await trio.sleep(FAREWELL_S / 10)
                nursery.cancel_scope.cancel()
        if isinstance(error, Exception):
            return 1
        raise
    return 0


def _leaves(error: BaseException) -> str:
    """What went wrong, without the groups around it."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(dict.fromkeys(_leaves(inner) for inner in error.exceptions))[:500]
    return f"{type(error).__name__}: {error}"[:200]


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, format="network: %(levelname)s %(message)s")
    logging.getLogger("grapevine").setLevel(logging.INFO)
    logging.getLogger("libp2p").setLevel(logging.CRITICAL + 1)  # its tracebacks are strangers' text
    gc.freeze()  # two hundred thousand objects of imports need no further look
    sys.exit(trio.run(main, int(sys.argv[1])))
