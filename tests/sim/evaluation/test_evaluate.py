import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.data.affinity import with_affinities
from sim.data.interactions import Dataset
from sim.data.splits import hold_out
from sim.evaluation import evaluate as evaluating
from sim.evaluation.evaluate import Run, Task, evaluate
from sim.methods.counting import Chance, Popularity
from tests.sim.evaluation.towns import N_USERS, Fixed, town

PEOPLE = np.arange(N_USERS, dtype=np.int32)


def tasks(data: Dataset, seeds: int = 2, mask=None) -> list[Task]:
    split = hold_out(data.train, 0.3, np.random.default_rng(1))
    train = with_affinities(split.train, "log")
    task = Task.of(train, split.test, data.trust, 0, mask)
    return [replace(task, seed=seed) for seed in range(seeds)]


@pytest.mark.parametrize("method", [Popularity(), Chance()])
def test_the_number_of_workers_does_not_show(method, monkeypatch) -> None:
    monkeypatch.setattr(evaluating, "CHUNK", 7)
    told = [evaluate([method] * 2, tasks(town()), PEOPLE, Run(5, 3, w)) for w in (1, 2, 3)]
    for other in told[1:]:
        for name, values in told[0].by_person.items():
            assert np.array_equal(values, other.by_person[name], equal_nan=True)
        assert told[0].coverage.tolist() == other.coverage.tolist()


def test_a_persons_list_does_not_depend_on_who_else_is_asked() -> None:
    everybody = evaluate([Chance()], tasks(town(), 1), PEOPLE, Run(5, 3, 1))
    some = evaluate([Chance()], tasks(town(), 1), PEOPLE[5:9], Run(5, 3, 1))
    assert some.by_person["ndcg"][0].tolist() == everybody.by_person["ndcg"][0, 5:9].tolist()


def test_chance_differs_by_seed_and_root_and_nothing_else() -> None:
    def novelty(seeds: int, root: int) -> list[float]:
        run = Run(5, root, 1)
        found = evaluate([Chance()] * seeds, tasks(town(), seeds), PEOPLE, run)
        return found.by_person["novelty"].mean(axis=1).tolist()

    first, second = novelty(2, 3)
    assert first != second
    assert novelty(1, 3) == [first]
    assert novelty(1, 4) != [first]


def test_each_task_has_its_own_method() -> None:
    found = evaluate([Fixed(1.0), Fixed(-1.0)], tasks(town()), PEOPLE, Run(3, 0, 1))
    alone = evaluate([Fixed(-1.0)], tasks(town(), 1), PEOPLE, Run(3, 0, 1))
    assert found.by_person["ndcg"][1].tolist() == alone.by_person["ndcg"][0].tolist()
    assert found.by_person["ndcg"][0].tolist() != found.by_person["ndcg"][1].tolist()


def test_what_is_masked_is_not_recommended_and_its_place_is_filled() -> None:
    data = town()
    (task,) = tasks(data, 1)
    run = Run(4, 0, 1)
    lists = evaluating._lists(Fixed().prepare(task.world), task, PEOPLE, run, None)
    mask = replace(data.train, user=PEOPLE, item=lists[:, 0], weight=np.ones(N_USERS, np.float32))
    (hidden,) = tasks(data, 1, mask)
    masked = evaluating._lists(Fixed().prepare(hidden.world), hidden, PEOPLE, run, None)
    assert masked[:, :3].tolist() == lists[:, 1:].tolist()
    assert (masked[:, 3] >= 0).all()


def test_progress_adds_up(monkeypatch) -> None:
    monkeypatch.setattr(evaluating, "CHUNK", 7)
    told: list[int] = []
    evaluate([Popularity()] * 2, tasks(town()), PEOPLE, Run(3, 0, 1), told.append)
    assert sum(told) == 2 * N_USERS
    assert max(told) == 7


def test_workers_leave_with_a_parent_that_was_killed() -> None:
    """The workers hold the write end of the pipe: it closes when the last of them is gone."""
    read, write = os.pipe()
    script = (
        "import numpy as np, os, signal\n"
        "from tests.sim.evaluation.test_evaluate import *\n"
        "evaluating.CHUNK = 1\n"
        "def killed(made): os.kill(os.getpid(), signal.SIGKILL)\n"
        "evaluate([Popularity()], tasks(town(), 1), PEOPLE, Run(5, 0, 2), killed)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], pass_fds=[write], cwd=Path(__file__).parents[3], timeout=120
    )
    os.close(write)
    assert done.returncode == -signal.SIGKILL
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b""
