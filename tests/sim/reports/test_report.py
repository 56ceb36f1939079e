"""The page is whole, the same each time, asks nobody, and runs nothing that files say."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from sim.outcome import write as write_outcome
from sim.reports.report import ReportError, write
from sim.scenario.reading import read
from sim.scenario.schema import Claim, Compared
from tests.sim.reports.made import CLONES, outcome, runs, sweep

pytestmark = pytest.mark.slow

EVIL = "<script>alert(1)</script><img src=x onerror=y>\"'${{7*7}}"
VOID = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """Its elements, whether they are closed in order, its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text += data


def test_the_page_holds_it_all_and_asks_nobody(tmp_path: Path) -> None:
    runs(tmp_path / "in" / "runs")
    sweep(tmp_path / "in" / "sweep", "seeds = 2\n[grid]\nadversary.0.edges = [1, 3]\n")
    files = write([tmp_path / "in"], tmp_path / "out", question="Who wins?")
    assert all(one.is_file() for one in files)
    assert {one.name for one in files} == {one.name for one in (tmp_path / "out").rglob("*.*")}
    assert files[0].stat().st_size < 5_000_000
    page = Page(files[0].read_text("utf-8"))
    assert not page.open
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object")
        for name in ("src", "href", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/"))
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) == 3
    assert all(one["alt"] for one in pictures)
    for told in (
        "Who wins?", "Clones in a town", "Does the defence hold?", "fakes <= 0.01", "popular",
        "--seed 2", "grapevine sim sweep edges.toml", "adversary.0.edges",
    ):  # fmt: skip
        assert told in page.text, told


def test_equal_directories_give_equal_bytes(tmp_path: Path) -> None:
    runs(tmp_path / "in" / "runs", seeds=2)
    sweep(tmp_path / "in" / "sweep", "[grid]\nadversary.0.edges = [1, 3]\n")
    first = {one.name: one.read_bytes() for one in write([tmp_path / "in"], tmp_path / "a")}
    second = {one.name: one.read_bytes() for one in write([tmp_path / "in"], tmp_path / "b")}
    assert first == second


def test_whatever_a_file_says_is_text(tmp_path: Path) -> None:
    scenario = replace(
        CLONES, title=EVIL, about=EVIL, claim=(Claim(assert_="fakes <= 1", why=EVIL),),
        compared=(Compared(label="x", method="salsa"),),
    )  # fmt: skip
    made = outcome(scenario, 0)
    odd = replace(
        made,
        metrics=made.metrics | {EVIL: 1.0, f"{EVIL}.ndcg": 2.0},
        series={EVIL: [(0.0, 1.0), (1.0, 2.0)]},
        digest=EVIL[:16],
    )
    write_outcome(odd, tmp_path / "in")
    text = write([tmp_path / "in"], tmp_path / "out", title=EVIL)[0].read_text("utf-8")
    page = Page(text)
    assert EVIL in page.text
    assert {tag for tag, _ in page.tags} <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "code", "div",
        "table", "tr", "th", "td", "small", "span", "img", "a", "details", "summary", "pre",
    }  # fmt: skip
    assert not [1 for _, attributes in page.tags if "onerror" in attributes]


def test_commands_name_a_shipped_scenario_or_a_file_that_is_written(tmp_path: Path) -> None:
    write_outcome(outcome(CLONES, 0), tmp_path / "in")
    files = write([tmp_path / "in"], tmp_path / "out")
    (toml,) = [one for one in files if one.suffix == ".toml"]
    assert read(toml) == CLONES
    assert f"sim run scenarios/{toml.name}" in Page(files[0].read_text("utf-8")).text


def test_nothing_is_written_where_there_is_nothing_to_report(tmp_path: Path) -> None:
    with pytest.raises(ReportError):
        write([tmp_path], tmp_path / "out")
    assert not (tmp_path / "out").exists()
