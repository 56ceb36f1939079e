"""`eval --task search` on small directories, and each way to be wrong."""

import os
from pathlib import Path

import pytest

from tests.node.cli.terminal import typed
from tests.sim.evaluation.click_towns import friends, tagging

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("GRAPEVINE_DATA", ROOT.parent / "shared" / "data"))


def asked(directory, *more):
    return typed("--json", "eval", "--task", "search", "--train", str(directory), *more)


@pytest.fixture
def tags(tmp_path):
    made = tagging(people=30, items=60, tags=12)
    rows = zip(*(c.tolist() for c in (made.user, made.item, made.term, made.month)), strict=True)
    head = "userID\tartistID\ttagID\tday\tmonth\tyear\n"
    told = "".join(f"{u}\t{i}\t{t}\t1\t{m % 12 + 1}\t{m // 12 + 10}\n" for u, i, t, m in rows)
    (tmp_path / "user_taggedartists.dat").write_text(head + told)
    known = friends(people=30)
    pairs = zip(known.source.tolist(), known.target.tolist(), strict=True)
    (tmp_path / "user_friends.dat").write_text(
        "userID\tfriendID\n" + "".join(f"{a}\t{b}\n" for a, b in pairs)
    )
    return tmp_path


def test_tags_are_asked_in_every_way(tags):
    told = asked(tags, "--cut", "2010-01").data
    assert told["kind"] == "tags"
    assert told["baseline"] == "clicks"
    assert 0 < told["ways"]["grapevine"]["mrr"]["mean"] < 1
    assert told["ways"]["clicks"]["relative"]["mean"] == 0


@pytest.mark.parametrize("more", [("--cut", "soon"), ("--task", "nothing")])
def test_what_cannot_be_measured_is_refused(tags, more):
    assert asked(tags, *more).code == 2


def test_a_directory_without_anything_is_refused(tmp_path):
    assert asked(tmp_path).code == 2
    assert asked(tmp_path, "--attack").code == 2


def test_pages_and_texts_are_known_by_their_files(tmp_path):
    urls = [f"u{n}" for n in range(10)]
    lines = []
    for session in range(20):
        lines += ["\t".join((str(session), "1", "Q", "q", "0", *urls)), f"{session}\t2\tC\tu3"]
    (tmp_path / "CLARA2SearchLog_beta").write_text("\n".join(lines))
    told = asked(tmp_path).data
    assert (told["kind"], told["pages"]) == ("pages", 6)
    assert told["orders"]["grapevine"]["raw"]["mean"] == 1


@pytest.mark.data
def test_the_index_is_not_below_plain_bm25_on_cranfield():
    told = asked(DATA / "search-text" / "cranfield").data
    assert told["queries"] == 225
    assert told["ndcg"]["index"]["mean"] >= told["ndcg"]["plain"]["mean"] > 0.3


@pytest.mark.data
@pytest.mark.slow
def test_clicks_put_results_above_the_engine_s_order_and_click_count():
    found = asked(DATA / "clara2").data["orders"]["grapevine"]
    assert found["than"]["engine"]["low"] > 0
    assert found["than"]["clicks"]["low"] > 0
    assert found["moved"] >= 0.2
