"""Work shared by processes."""

import os
from functools import partial

import pytest

from sim.evaluation.workers import shared


def _scaled(by: int, item: int) -> tuple[int, int]:
    return by * item, os.getpid()


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_results_come_in_order_whatever_the_number_of_workers(workers: int) -> None:
    done = list(shared(partial(_scaled, 3), range(7), workers))
    assert [result for result, _ in done] == [0, 3, 6, 9, 12, 15, 18]
    elsewhere = {pid for _, pid in done} - {os.getpid()}
    assert bool(elsewhere) == (workers > 1)


def test_a_single_item_needs_no_process() -> None:
    assert list(shared(partial(_scaled, 2), [4], 8)) == [(8, os.getpid())]
