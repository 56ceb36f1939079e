"""Tags and pages as they stand in the field's files; whatever is odd is refused by line."""

import gzip

import pytest

from sim.data.click_logs import Page, months_of, read_pages, read_tagging
from sim.data.formats import DataError

HEAD = "userID\tartistID\ttagID\tday\tmonth\tyear\n"


def page(session, query, *urls):
    return "\t".join((session, "1", "Q", query, "0", *urls)) + "\n"


def test_tags_have_their_columns_and_months(tmp_path):
    path = tmp_path / "tags"
    path.write_bytes(gzip.compress((HEAD + "7\t3\t9\t1\t8\t2010\n8\t3\t9\t1\t1\t1956\n").encode()))
    tags = read_tagging(path)
    assert (tags.user.tolist(), tags.item.tolist(), tags.term.tolist()) == ([7], [3], [9])
    assert tags.month.tolist() == [months_of("2010-08")] == [months_of("2010-08-31")]
    assert (tags.size, tags.left_out) == (1, 1)


@pytest.mark.parametrize("text", ["", "user\titem\n", HEAD + "1\t2\t3\t4\n", HEAD + "a\t" * 6])
def test_what_are_no_tags_is_refused(tmp_path, text):
    path = tmp_path / "tags"
    path.write_text(text)
    with pytest.raises(DataError):
        read_tagging(path)


def test_a_click_belongs_to_the_last_page_of_its_session(tmp_path):
    path = tmp_path / "log"
    urls = [f"u{n}" for n in range(10)]
    path.write_text(
        "s\t1\tC\tu1\n"
        + page("s", "q", *urls)
        + "s\t2\tC\tu4\t\t\t\ns\t2\tC\tu1\ns\t3\tC\tother\n"
        + page("s", "p", *reversed(urls))
        + page("t", "q", *urls)
        + "s\t4\tC\tu9\n"
    )
    first, second, third = read_pages(path)
    assert first == Page("s", "q", tuple(urls), (4, 1))
    assert second.clicked == (0,)
    assert third.clicked == ()


@pytest.mark.parametrize("line", ["", "s\t1\tQ\tq\t0\tu1\n", "s\t1\tX\tu\n", "s\t1\n"])
def test_what_is_no_log_is_refused(tmp_path, line):
    path = tmp_path / "log"
    path.write_text(line)
    with pytest.raises(DataError):
        read_pages(path)
    with pytest.raises(DataError):
        read_pages(tmp_path / "nowhere")
