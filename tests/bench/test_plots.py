"""Plots say what was measured, in the same bytes each time."""

import json
from dataclasses import asdict

from tests.bench.figures import Point, Series
from tests.bench.plots import PLOTS, main


def test_every_plot_is_drawn_from_the_file_of_figures(tmp_path) -> None:
    points = (Point(1, 50, 40, 60, "somebody"), Point(10, 90), Point(100, 100, 99, 101))
    series = [Series(name, "a line", "across, m", "up, %", points) for name in PLOTS]
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({"series": [asdict(one) for one in series]}), "utf-8")
    drawn = []
    for directory in (tmp_path / "one", tmp_path / "two"):
        assert main([str(file), str(directory)]) == 0
        drawn.append({path.stem: path.read_bytes() for path in directory.iterdir()})
    assert drawn[0] == drawn[1]
    assert drawn[0].keys() == PLOTS.keys()
    for picture in drawn[0].values():
        assert len(picture) < 40_000
        for told in ("a line", "across, m", "up, %", "somebody"):
            assert f">{told}<" in picture.decode()
