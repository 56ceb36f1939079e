"""Pictures are equal when what they show is, and hold any name."""

import math
import xml.etree.ElementTree as tree

from sim.reports.drawing import (
    SVG_MAX,
    Picture,
    colour,
    decades_from_zero,
    logarithmic,
    panels,
    picture,
    spread_over_decades,
    stroke,
    styled,
)


def drawn(title: str = "a", points: int = 3) -> Picture:
    with styled():
        figure, axes = panels(4)
        axes[0].plot([n % 7 for n in range(points)], "o-", color=colour(9))
        axes[1].plot([1, 1000], [0, 1])
        logarithmic(axes[1])
        axes[0].set_title(title)
        return picture(figure, "name", "what")


def test_equal_pictures_are_equal_bytes() -> None:
    assert drawn() == drawn()
    assert drawn() != drawn("b")


def test_any_name_can_be_drawn() -> None:
    for title in (r"$\frac{", "<script>&\"'", "--> x", "漢字\U0001f347"):
        made = drawn(title)
        root = tree.fromstring(made.svg)
        assert not [one for one in root.iter() if one.tag.endswith("script")]
        assert made.png.startswith(b"\x89PNG")


def test_a_picture_of_many_strokes_is_embedded_as_png() -> None:
    assert drawn().embedded.startswith("data:image/svg+xml;base64,")
    many = drawn(points=3_000)
    assert len(many.svg) > SVG_MAX
    assert many.embedded.startswith("data:image/png;base64,")


def test_decades() -> None:
    assert spread_over_decades([1, 10, 100])
    assert not spread_over_decades([0, 10, 100])
    assert not spread_over_decades([1, 100])


def test_zero_has_its_place_on_an_axis_of_decades() -> None:
    with styled():
        _, (plot, other, third) = panels(3)
        assert decades_from_zero(plot, [0.0, 0.2, 65.0, math.nan])
        assert plot.get_yticks().tolist() == [0.0, 0.1, 1.0, 10.0, 100.0]
        for values in ([0.1, 0.3], [0.0, 0.0], [-1.0, 0.01, 10.0]):
            assert not decades_from_zero(other, values)
        assert decades_from_zero(third, [1e-30, 1.0])
        assert len(third.get_yticks()) <= 6


def test_seven_lines_differ_in_sign_and_dashes() -> None:
    made = [stroke(number) for number in range(7)]
    for what in ("color", "marker", "linestyle"):
        assert len({str(one[what]) for one in made}) == 7
