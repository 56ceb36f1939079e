"""One real daemon for all tests of a module, over loopback, with no way to find anybody."""

from collections.abc import Iterator

import pytest

from tests.node.cli.terminal import Terminal
from tests.node.shell.daemon_process import DaemonProcess


@pytest.fixture(autouse=True)
def _no_other_node(monkeypatch, tmp_path):
    """What a developer's own shell has set must not be found by a test."""
    for name in ("GRAPEVINE_HOME", "GRAPEVINE_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def daemon(tmp_path_factory) -> Iterator[DaemonProcess]:
    with DaemonProcess(tmp_path_factory.mktemp("node") / "node") as process:
        process.init()
        process.start()
        process.wait_until_ready()
        yield process
        assert process.stop() == 0


@pytest.fixture
def node(daemon) -> Terminal:
    return Terminal(daemon.root)
