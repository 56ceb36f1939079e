"""`python -m node.shell.oneshot DATADIR`: one remote query without a daemon.

stdin holds `{"address", "query", "params"}` in JSON, stdout gets `{"data", "warnings"}` or
`{"error"}`. The network process starts, dials, and ends; nothing listens meanwhile.
"""

import json
import secrets
import sys
from dataclasses import replace
from random import Random
from typing import Any

import trio

from node.config import load_config
from node.errors import NodeError
from node.identity import read_or_create_seed, read_seed
from node.paths import data_paths
from node.query.schema import QueryError, Result
from node.shell.libp2p_network import Libp2pNetwork
from node.shell.network import Network, NetworkDown, NetworkUp
from node.shell.remote_queries import RemoteClient
from node.shell.settings import network_config
from protocol.signing import Signer

START_S = 30.0


def main(data_dir: str, request: dict[str, Any]) -> dict[str, Any]:
    """Ask, and give the answer or the failure as it is printed."""
    try:
        paths = data_paths(data_dir)
        config = load_config(paths.config)
        # Nobody else is looked for, and nobody looks for us.
        quiet = replace(
            network_config(config),
            listen=("/ip4/127.0.0.1/tcp/0",),
            bootstrap=(),
            mdns=False,
            kademlia=False,
            autonat=False,
            relay_service=False,
        )
        network = Libp2pNetwork(quiet, read_or_create_seed(paths.transport_key))
        client = RemoteClient(
            network,
            config.network.network_id.encode(),
            Signer(read_seed(paths.author_key)),
            Random(secrets.randbits(64)),
        )
        result = trio.run(ask, client, network, request)
    except QueryError as error:
        return {"error": error.as_dict()}
    except NodeError as error:
        told = {"code": error.code, "exit": error.exit_code}
        return {"error": told | {"message": error.message, "hint": error.hint}}
    return {"data": result.data, "warnings": list(result.warnings)}


async def ask(client: RemoteClient, network: Network, request: dict[str, Any]) -> Result:
    """Run the network for as long as the one question takes."""
    up, down = trio.Event(), ""

    async def listen() -> None:
        nonlocal down
        async for event in network.events:
            match event:
                case NetworkUp(peer_id=peer_id):
                    client.my_peer_id = peer_id
                    up.set()
                case NetworkDown(reason=reason):
                    down = reason
                    up.set()
                case _:
                    client.on_event(event)

    async def converse() -> Result:
        with trio.move_on_after(START_S):
            await up.wait()
        if not up.is_set():
            raise QueryError("timeout", "the network did not start in time")
        if down:
            raise QueryError("unreachable", f"the network does not start: {down}")
        return await client.ask(request["address"], request["query"], request["params"])

    told: Result | QueryError
    async with trio.open_nursery() as nursery:
        await nursery.start(network.run)
        nursery.start_soon(listen)
        try:
            told = await converse()
        except QueryError as error:  # out of the nursery, which would put it into a group
            told = error
        nursery.cancel_scope.cancel()
    if isinstance(told, QueryError):
        raise told
    return told


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.load(sys.stdin))))
