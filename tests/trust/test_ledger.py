import pytest

from protocol.errors import Offence
from trust.ledger import OFFENCE_POINTS, LedgerConfig, LedgerRow, PeerLedger, Verdict


def test_every_offence_of_the_protocol_has_its_price():
    assert {offence.value for offence in Offence} == set(OFFENCE_POINTS)


def test_points_halve():
    ledger = PeerLedger()
    ledger.penalise("a", "flood", now=1000)
    assert ledger.points("a", now=1000) == 10
    assert ledger.points("a", now=1600) == 5
    assert ledger.points("a", now=2800) == 1.25
    assert ledger.points("b", now=0) == 0


def test_verdicts_harden_and_soften():
    ledger = PeerLedger()
    assert ledger.verdict("a", now=0) is Verdict.WELCOME
    verdicts = [ledger.penalise("a", "flood", now=0) for _ in range(5)]
    assert verdicts == [1, 2, 2, 2, 3]
    mild = PeerLedger()
    mild.penalise("a", "wrong_network", now=0)
    assert [mild.verdict("a", now=t) for t in (0, 599, 600, 601)] == [2, 1, 1, 0]


def test_a_ban_holds_twelve_hours_and_then_ends():
    ledger = PeerLedger()
    assert ledger.penalise("a", "bad_signature", now=0) is Verdict.BAN
    assert ledger.verdict("a", now=12 * 3600 - 1) is Verdict.BAN
    assert ledger.verdict("a", now=12 * 3600) is Verdict.WELCOME


def test_unknown_offences_cost_something():
    ledger = PeerLedger()
    ledger.penalise("a", "something-new", now=0)
    assert ledger.points("a", now=0) == LedgerConfig().unknown_points


def test_points_are_held_at_their_maximum():
    ledger = PeerLedger()
    for _ in range(50):
        ledger.penalise("a", "malformed", now=0)
    assert ledger.points("a", now=0) == 100


def test_at_the_cap_the_mildest_is_forgotten_and_the_banned_stay():
    ledger = PeerLedger(LedgerConfig(peers_max=3))
    ledger.penalise("banned", "malformed", now=0)
    ledger.penalise("old", "flood", now=0)
    ledger.penalise("new", "flood", now=3000)
    ledger.penalise("newest", "unsolicited", now=3000)
    assert [row.peer for row in ledger.rows()] == ["banned", "new", "newest"]
    for k in range(100):
        ledger.penalise(f"flood-{k}", "unsolicited", now=3000)
    assert len(ledger) == 3
    assert ledger.verdict("banned", now=3000) is Verdict.BAN


def test_the_forgiven_are_forgotten():
    ledger = PeerLedger()
    ledger.penalise("a", "unsolicited", now=0)
    ledger.penalise("b", "malformed", now=0)
    assert ledger.forgive(now=100) == 0
    assert ledger.forgive(now=6000) == 1
    assert [row.peer for row in ledger.rows()] == ["b"]


def test_rows_survive_a_restart():
    ledger = PeerLedger()
    ledger.penalise("a", "flood", now=1000)
    ledger.penalise("b", "malformed", now=1000)
    again = PeerLedger()
    again.restore(ledger.rows(), now=1600)
    assert again.points("a", now=1600) == 5
    assert again.verdict("b", now=1600) is Verdict.BAN
    assert list(again.rows()) == list(ledger.rows())


def test_restored_rows_are_held_to_the_limits():
    ledger = PeerLedger(LedgerConfig(peers_max=2))
    rows = [LedgerRow(str(k), 1e9, 1e12, 1e12) for k in range(5)]
    ledger.restore(rows, now=1000)
    assert len(ledger) == 2
    assert ledger.points("0", now=1000) == 100
    assert ledger.verdict("0", now=1000 + 12 * 3600) is Verdict.WELCOME


@pytest.mark.parametrize(
    "wrong", [{"throttle_at": 0}, {"ban_at": 500}, {"half_life_s": 0}, {"peers_max": 0}]
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="need"):
        LedgerConfig(**wrong)
