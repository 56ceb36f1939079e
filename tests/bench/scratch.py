"""Where benchmarks work: a directory that goes away, and the large store that several share."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.nodes import Node, made
from tests.bench.scale import Scale
from tests.bench.seeding import seed_world


@dataclass(slots=True)
class Scratch:
    """Paths are short, because sockets' paths must be."""

    directory: Path
    _world: Node | None = None

    def world(self, scale: Scale) -> Node:
        """The node that has heard of everybody; its store is made when it is first asked for."""
        if self._world is None:
            node = made(self.directory / "world")
            seed_world(node.home, scale)
            self._world = node
        return self._world

    def fresh(self, name: str) -> Path:
        """A directory for a benchmark alone."""
        path = self.directory / name
        path.mkdir()
        return path


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Everything in it is gone at the end."""
    directory = Path(tempfile.mkdtemp(prefix="gv-bench-"))
    try:
        yield Scratch(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
