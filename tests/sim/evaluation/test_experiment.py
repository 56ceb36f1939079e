from dataclasses import replace

import numpy as np
import pytest

from sim.data.interactions import Dataset
from sim.data.splits import hold_out
from sim.evaluation import experiment
from sim.evaluation.experiment import ImpossiblePlan, Plan, Report, Talk, as_data, grid_of, run
from sim.methods.registry import METHODS, Entry
from tests.sim.evaluation.towns import N_USERS, Fixed, town

QUIET = Talk(lambda stage, of: None, lambda made: None)
TWO = Plan({"popularity": {}, "random": {}}, k=5, seeds=2)


def fixed(power: float = 0.5) -> Fixed:
    return Fixed(power)


@pytest.fixture
def with_fixed(monkeypatch) -> None:
    """A method with something to tune."""
    entry = Entry(fixed, "", "", {"power": (-1.0, 0.5, 1.0)})
    known = dict(METHODS) | {"fixed": entry}
    monkeypatch.setattr("sim.methods.registry.METHODS", known)
    monkeypatch.setattr(experiment, "METHODS", known)


def split(data: Dataset) -> Dataset:
    parts = hold_out(data.train, 0.3, np.random.default_rng(9))
    return replace(data, train=parts.train, test=parts.test)


def evaluated(data: Dataset, plan: Plan) -> Report:
    return run(data, plan, QUIET)


def test_every_measure_lies_in_its_interval_and_popularity_beats_chance() -> None:
    report = evaluated(town(), TWO)
    assert report.people == N_USERS
    for row in report.methods.values():
        for one in row.values():
            assert one.low is not None
            assert one.high is not None
            assert one.low <= one.mean <= one.high
    for metric in ("recall", "ndcg", "hit_rate"):
        difference = (
            report.methods["random"][metric].mean - report.methods["popularity"][metric].mean
        )
        assert report.pairs["random"][metric].mean == pytest.approx(difference)


def test_the_same_plan_gives_the_same_figures() -> None:
    once = as_data(evaluated(town(), TWO))
    assert as_data(evaluated(town(), replace(TWO, workers=2))) == once
    assert as_data(evaluated(town(), replace(TWO, root=1))) != once


def test_without_a_test_part_each_seed_draws_its_own() -> None:
    cases = experiment._cases(town(), TWO, [])
    assert len(cases) == 2
    assert cases[0].test.pair.tolist() != cases[1].test.pair.tolist()
    assert len(experiment._cases(town(), replace(TWO, folds=4), [])) == 4
    assert len(experiment._cases(split(town()), TWO, [])) == 1


def test_folds_judge_whoever_is_in_all_of_them() -> None:
    report = evaluated(town(), replace(TWO, folds=12))
    assert 0 < report.people < N_USERS
    assert "want nothing in some of the splits" in report.notes[0]


def test_a_sample_is_told() -> None:
    report = evaluated(town(), replace(TWO, users=7))
    assert report.people == 7
    assert report.notes == [f"a sample of 7 of {N_USERS} people"]


def test_the_future_is_not_known_and_what_is_left_out_is_told() -> None:
    data = town()
    notes: list[str] = []
    (case,) = experiment._cases(data, replace(TWO, temporal=True, cut=70), notes)
    assert case.train.day is not None
    assert case.trust is not None
    assert case.trust.day is not None
    assert max(case.train.day.max(), case.trust.day.max()) < 70
    told = "\n".join(notes)
    assert "cut on 1970-03-12" in told
    assert f"{len(data.trust or ()) - len(case.trust)} of {len(data.trust or ())} vouches" in told
    assert evaluated(data, replace(TWO, temporal=True)).people > 0
    with pytest.raises(ImpossiblePlan, match="the cut is 1970-05-11"):
        evaluated(data, replace(TWO, temporal=True, cut=130))


def test_what_tuning_learns_from_lies_before_what_it_judges_by() -> None:
    data, plan = town(), replace(TWO, temporal=True, cut=70)
    (case,) = experiment._cases(data, plan, [])
    inner = experiment._inner(data, case, plan, 0)
    assert inner.train.day is not None
    assert inner.test.day is not None
    assert inner.trust is not None
    assert inner.trust.day is not None
    assert max(inner.train.day.max(), inner.trust.day.max()) < inner.test.day.min()
    assert inner.test.day.max() < 70


def test_what_is_masked_is_not_shown() -> None:
    data = split(town())
    assert data.test is not None
    assert evaluated(data, TWO).methods["random"]["hit_rate"].mean > 0
    masked = evaluated(replace(data, mask=data.test), TWO)
    assert all(row["hit_rate"].mean == 0 for row in masked.methods.values())


def test_a_test_file_cuts_where_it_begins() -> None:
    data = town()
    assert data.train.day is not None
    later = data.train.take(data.train.day >= 80)
    parts = replace(data, test=later)
    notes: list[str] = []
    (case,) = experiment._cases(parts, replace(TWO, temporal=True), notes)
    assert (len(case.train), len(case.test)) == (len(data.train) - len(later), len(later))
    assert f"{len(later)} training pairs are not from the past and were left out" in notes


@pytest.mark.usefixtures("with_fixed")
def test_parameters_are_chosen_where_the_test_part_is_not() -> None:
    data = split(town())
    inner = experiment._inner(data, experiment._cases(data, TWO, [])[0], TWO, 0)
    assert data.test is not None
    assert not np.isin(inner.test.pair, data.test.pair).any()
    assert not np.isin(inner.train.pair, inner.test.pair).any()
    plan = replace(TWO, methods={"fixed": {}}, tune=True)
    report = evaluated(data, plan)
    (chosen,) = report.chosen["fixed"].values
    assert report.chosen["fixed"].how == "tuned"
    assert chosen["power"] in (-1.0, 0.5, 1.0)
    assert report.seen_on_test == []


def test_a_hold_out_may_be_as_popular_as_the_published_test_part() -> None:
    data = town()
    (case, _) = experiment._cases(data, TWO, [])
    listeners = np.bincount(case.train.item, minlength=case.train.n_items)

    def asked(popular: float | None) -> float:
        inner = experiment._inner(data, case, replace(TWO, popular=popular), 0)
        assert not np.isin(inner.test.pair, inner.train.pair).any()
        return float(listeners[inner.test.item].mean())

    assert asked(1.0) > asked(0.0)
    assert asked(0.0) == pytest.approx(asked(None), rel=0.1)


@pytest.mark.usefixtures("with_fixed")
def test_the_best_on_the_validation_part_is_chosen() -> None:
    data = split(town())
    assert data.test is not None
    valid = data.train.take(data.train.item < 15)  # which a falling power ranks first
    plan = replace(TWO, methods={"fixed": {}}, tune=True)
    report = evaluated(replace(data, valid=valid), plan)
    assert report.chosen["fixed"].values == ({"power": -1.0},)


@pytest.mark.usefixtures("with_fixed")
def test_who_tunes_on_the_test_part_is_told_apart() -> None:
    data = split(town())
    plan = replace(TWO, methods={"popularity": {}, "fixed": {}}, tune=True)
    report = evaluated(replace(data, valid=data.test), plan)
    assert report.seen_on_test == ["fixed"]
    assert as_data(report)["parameters"]["fixed"]["chosen"] == "tuned on the test part"
    assert as_data(report)["parameters"]["popularity"]["chosen"] == "default"


@pytest.mark.usefixtures("with_fixed")
def test_a_drawn_split_has_parameters_of_its_own() -> None:
    report = evaluated(town(), replace(TWO, methods={"fixed": {}}, tune=True))
    assert len(report.chosen["fixed"].values) == 2


@pytest.mark.usefixtures("with_fixed")
def test_a_grid_is_the_product_of_what_is_not_given(monkeypatch) -> None:
    assert [*grid_of("fixed", {})] == [{"power": -1.0}, {"power": 0.5}, {"power": 1.0}]
    assert [*grid_of("fixed", {"power": 2})] == [{"power": 2}]
    monkeypatch.setattr(experiment, "GRID_MAX", 2)
    with pytest.raises(ImpossiblePlan, match="3 settings; 2 at most"):
        next(grid_of("fixed", {}))


def test_every_declared_grid_can_be_searched() -> None:
    for name, entry in METHODS.items():
        for values in grid_of(name, {}):
            assert set(values) == set(entry.grid)


def test_strata_share_out_the_people() -> None:
    report = evaluated(town(), replace(TWO, strata=True))
    for kind in ("friends", "profile", "component"):
        assert sum(size for size, _ in report.strata[kind].values()) == N_USERS
    (size, table) = report.strata["friends"][">=3"]
    assert size == N_USERS
    everybody = report.methods["popularity"]["ndcg"]
    assert table["popularity"]["ndcg"].mean == pytest.approx(everybody.mean)


def test_what_knows_no_trust_is_as_good_in_a_rewired_graph() -> None:
    report = evaluated(town(), replace(TWO, rewired=True))
    assert report.control == report.methods
    for row in report.control_pairs.values():
        assert all(one.mean == 0 for one in row.values())
    with pytest.raises(ImpossiblePlan, match="no trust graph to rewire"):
        evaluated(replace(town(), trust=None), replace(TWO, rewired=True))


def test_the_control_is_rewired_for_each_seed() -> None:
    data = split(town())
    one, other = experiment._rewired(experiment._cases(data, TWO, []), TWO)
    assert one.trust is not None
    assert other.trust is not None
    assert data.trust is not None
    assert len(one.trust) == len(data.trust)
    assert one.trust.target.tolist() != other.trust.target.tolist()


def test_a_wrong_parameter_is_refused_before_any_work() -> None:
    with pytest.raises(ValueError, match="no parameter 'x'"):
        evaluated(town(), replace(TWO, methods={"popularity": {"x": 1}}))


def test_too_little_data_is_told() -> None:
    data = town()
    with pytest.raises(ImpossiblePlan, match="nobody has enough items"):
        evaluated(replace(data, train=data.train.take(data.train.item < 2)), TWO)
