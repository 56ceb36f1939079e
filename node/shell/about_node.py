"""Queries that the daemon answers itself, because they are about the process and not the Peer."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from node.query.schema import READ_ONLY, QueryError
from node.shell.network import Network
from node.shell.remote_queries import RemoteClient
from node.shell.storage import Storage
from node.store.store import Store

NETWORK_START_S = 15.0
"""How long the network may take to listen: questions about it, or through it, wait that long."""

Answered = tuple[dict[str, Any], tuple[str, ...]]


async def netcheck(network: Network) -> Answered:
    """Whether others can reach this node, and everything that bears on it."""
    return asdict(await network.netcheck()), ()


async def backup_create(storage: Storage, params: Mapping[str, Any], owner_seed: bytes) -> Answered:
    """Copy the store and the owner's key to a new file; the node goes on meanwhile."""
    path = Path(_text(params, "path"))
    if not path.is_absolute():
        raise QueryError("usage", "path must be absolute")
    size = await storage.call(lambda store: _backup(store, path, owner_seed))
    return {"path": str(path), "bytes": size}, ()


def _backup(store: Store, path: Path, owner_seed: bytes) -> int:
    store.backup(path, owner_seed)
    return path.stat().st_size


async def remote(client: RemoteClient, params: Mapping[str, Any]) -> Answered:
    """Ask another node, in the owner's name."""
    query, inner = _text(params, "query"), params.get("params", {})
    if query not in READ_ONLY:
        raise QueryError("usage", f"{query[:64]} is not for other nodes", _remote_hint())
    if not isinstance(inner, Mapping):
        raise QueryError("usage", "params must be a mapping")
    result = await client.ask(_text(params, "address"), query, inner)
    return result.data, result.warnings


def _remote_hint() -> str:
    return f"one of: {', '.join(sorted(READ_ONLY))}"


def process_status(
    network: Network, uptime_s: float, store_bytes: int, failed_writes: int, bugs: int
) -> dict[str, Any]:
    """What `status` says about this process."""
    return {
        "state": "running",
        "pid": os.getpid(),
        "version": version("grapevine-node"),
        "uptime_s": round(uptime_s, 1),
        "network": asdict(network.statistics()),
        "store": {"bytes": store_bytes, "failed_writes": failed_writes},
        "bugs": bugs,
    }


def process_faults(status: Mapping[str, Any]) -> list[str]:
    """What is wrong with this process, in words; what its owner could do better is not."""
    faults = []
    if bugs := status["bugs"]:
        faults.append(f"{bugs} internal errors since the start: see the log")
    if failed := status["store"]["failed_writes"]:
        faults.append(f"failed writes to the store since the start: {failed}; see the log")
    if not status["network"]["up"] and status["uptime_s"] > NETWORK_START_S:
        faults.append("the network is down: see the log")
    return faults


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str):
        raise QueryError("usage", f"{name} must be text")
    return value
