import io

from sim.demo.show import Screen, film_lines, reason_line, reason_lines

KEY = "ab" * 32


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def entry(title: str = "Alien (1979)", discovery: str | None = None) -> dict:
    path = {
        "because": {"item": "ml:movie:1", "title": "Blade Runner (1982)"},
        "heard_from": {"author": KEY, "name": ""},
        "share": 0.234,
    }
    shown = {"item": "ml:movie:9", "title": title, "discovery": discovery}
    return shown | {"reasons": [path] * 3, "paths": 3}


def test_a_reason_names_the_film_and_who_told() -> None:
    line = reason_line(entry()["reasons"][0], {KEY: "user-12"})
    assert line == " 23 %: you liked Blade Runner (1982), and so did user-12"


def test_somebody_unknown_is_shown_by_her_key() -> None:
    assert reason_line(entry()["reasons"][0], {}).endswith("so did abababab")


def test_trust_alone_is_a_reason_too() -> None:
    path = entry()["reasons"][0] | {"because": {"item": ""}}
    assert reason_line(path, {KEY: "user-12"}) == " 23 %: user-12 likes it"


def test_a_list_shows_titles_discoveries_and_two_reasons() -> None:
    lines = film_lines([entry(), entry("", "rare"), entry()], {}, first=2, reasons=True)
    assert len(lines) == 2 * (1 + 2 + 1)
    assert lines[0] == "  1. Alien (1979)"
    assert lines[4] == "  2. ml:movie:9  (rare discovery)"


def test_the_paths_that_are_not_shown_are_counted_and_the_shares_add_up() -> None:
    assert reason_lines(entry() | {"paths": 200}, {})[-1] == " 53 %: 198 more such paths"
    assert len(reason_lines(entry() | {"paths": 2}, {})) == 2


def test_progress_on_a_terminal_is_one_line_that_goes_away() -> None:
    stream = Terminal()
    screen = Screen(stream)
    for k in range(50):
        screen.progress(f"step {k}")
    screen.say("done")
    assert stream.getvalue().count("\n") == 1
    assert "step 49" in stream.getvalue()


def test_progress_in_a_log_is_rare() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    for k in range(50):
        screen.progress(f"step {k}")
    screen.say("done")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("step 0")
    assert lines[1].endswith("done")
