"""A backup of a running node, and the node that comes back from it beside the one that went on."""

import pytest
import trio

from node.identity import read_seed
from node.paths import data_paths
from node.query.schema import QueryError
from node.store.backup import restore, verify
from protocol.ids import Lane
from tests.node.shell.daemons import Node, eventually, world

NOW = 1_760_000_000


async def like(node: Node, *items: str) -> None:
    for item in items:
        await node.ask("like", item=item)
    await node.until("share_get", lambda data: data["pending"] == 0)


async def test_both_go_on_under_one_key_sync_and_never_contradict_each_other():
    async with world() as here:
        ada, friend = await here.node("ada"), await here.node("friend")
        await ada.ask("share_set", taste=True, vouches=True)
        await like(ada, "text:before-1", "text:before-2")
        file = here.root / "ada.backup"
        made = await ada.ask("backup_create", path=str(file))
        assert made["bytes"] == file.stat().st_size
        assert verify(file).facts == 2
        await like(ada, "text:after-1", "text:after-2")  # the copy knows nothing of these

        paths = data_paths(here.root / "again", environ={})
        restore(file, paths, now=NOW)
        assert read_seed(paths.author_key) == ada.seed
        again = Node(paths, here.switch, ada.config)
        await again.start(here.nursery)
        await like(again, "text:restored-1")
        await friend.friend_of(ada)
        await friend.ask("trust", peer=again.id, weight=1)
        await friend.until("peers", lambda data: len(data["links"]) == 2)

        await like(ada, "text:later-ada")
        await like(again, "text:later-again")
        wanted = {"text:after-2", "text:restored-1", "text:later-ada", "text:later-again"}
        for item in sorted(wanted):
            await knows(friend, item)
        # The same author on two devices, and no proof against her.
        assert friend.store.equivocators() == []
        feeds = [r for r in friend.store.feed_records() if r.feed.author == ada.author]
        assert len({record.feed.device for record in feeds if record.feed.lane is Lane.TASTE}) == 2
        # What each of the two says reaches the other one too.
        await knows(ada, "text:later-again")
        await knows(again, "text:later-ada")


async def knows(node: Node, item: str) -> None:
    """Wait until somebody was heard to know the item."""

    async def known() -> bool:
        try:
            await node.ask("why", item=item)
        except QueryError as error:
            assert error.code == "not_found"  # noqa: PT017 - anything else is a failure
            return False
        return True

    await eventually(known, f"{node.name} knows {item}")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("relative.backup", "usage"),
        ("/nonexistent-directory/x.backup", "backup_refused"),
        ("/proc/x.backup", "backup_refused"),
    ],
)
async def test_a_backup_that_cannot_be_written_is_refused_and_the_node_goes_on(
    path: str, code: str
):
    async with world() as here:
        ada = await here.node("ada")
        await ada.ask("like", item="text:a")
        with pytest.raises(Exception, match=r"path|cannot write") as raised:
            await ada.ask("backup_create", path=path)
        assert raised.value.code == code  # type: ignore[attr-defined]
        status = await ada.ask("status")
        assert (status["items"], status["bugs"]) == (1, 0)


async def test_a_backup_overwrites_nothing():
    async with world() as here:
        ada = await here.node("ada")
        file = trio.Path(here.root / "taken")
        await file.write_text("precious")
        with pytest.raises(Exception, match="exists"):
            await ada.ask("backup_create", path=str(file))
        assert await file.read_text() == "precious"
