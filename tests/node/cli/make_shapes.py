"""What `--json` holds for every command: keys and types, told on one node by one short story.

`python -m tests.node.cli.make_shapes` writes shapes.json anew, for a change that is meant.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.node.cli.terminal import Terminal
from tests.node.shell.daemon_process import DaemonProcess

SHAPES = Path(__file__).with_name("shapes.json")

HISTORY = """user,item,rating,title
ann,t:1,5,One Song
ann,t:2,4,Two Songs
ann,t:3,5,Three Songs
bob,t:1,5,One Song
bob,t:3,5,Three Songs
bob,t:4,5,Four Songs
"""


def shape(value: Any) -> Any:
    """The type of a JSON value; an object keeps its keys, a list the shapes of its elements."""
    match value:
        case None | bool() | str():
            return {"NoneType": "null"}.get(type(value).__name__, type(value).__name__)
        case int() | float():
            return "number"
        case dict():
            return {key: shape(inner) for key, inner in sorted(value.items())}
        case list():
            distinct = {json.dumps(one, sort_keys=True): one for one in map(shape, value)}
            return [distinct[key] for key in sorted(distinct)]
    raise AssertionError(f"{value!r} is no JSON value")


def shown(envelope: dict[str, Any]) -> dict[str, Any]:
    """What the answer is called, and its shape."""
    return {"schema": envelope["schema"], "data": shape(envelope["data"])}


def story(node: Terminal, directory: Path) -> dict[str, Any]:
    """Command -> its answer as `shown`, in an order in which each has something to tell."""
    history, saved = directory / "history.csv", directory / "saved"
    history.write_text(HISTORY)
    key = "ab" * 32
    commands = {
        "init": ["init"],
        "id": ["id"],  # waits until the network listens, so that addresses have their shape
        "import": ["import", str(history), "--people"],
        "people": ["people"],
        "people --add": ["people", "--add", "eve"],
        "like": ["like", "t:1", "--title", "One Song"],
        "trust": ["trust", "ann"],
        "trust (list)": ["trust"],
        "status": ["status"],
        "grapevine": [],
        "recommend": ["recommend"],
        "why": ["why", "t:3"],
        "why --without": ["why", "t:3", "--without", "ann"],
        "similar": ["similar", "t:2"],
        "search": ["search", "songs"],
        "search --explain": ["search", "songs", "--explain"],
        "like (found)": ["like", "t:3"],
        "click": ["click", "t:2", "--for", "two songs"],
        "share --preview": ["share", "--preview"],
        "share --taste": ["share", "--taste"],
        "share": ["share"],
        "forget": ["forget", "t:1"],
        "block": ["block", "t:4"],
        "block --undo": ["block", "t:4", "--undo"],
        "allow": ["allow", key],
        "allow --undo": ["allow", key, "--undo"],
        "peers": ["peers"],
        "netcheck": ["netcheck"],
        "backup create": ["backup", "create", str(saved)],
        "completion": ["completion", "bash"],
        "version": ["--version"],
    }
    told = {name: shown(node.envelope(*arguments)) for name, arguments in commands.items()}
    restored = Terminal(directory / "restored").envelope("backup", "restore", str(saved))
    told["backup restore"] = shown(restored)
    told["error"] = shape(node("why", "t:nothing", "--json").envelope)
    return told


def main() -> None:
    with tempfile.TemporaryDirectory() as name, DaemonProcess(Path(name) / "node") as daemon:
        daemon.init()
        daemon.start()
        daemon.wait_until_ready()
        told = story(Terminal(daemon.root), Path(name))
        told["stop"] = shown(Terminal(daemon.root).envelope("stop"))
        daemon.stop()
    SHAPES.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
