"""Every cap and period of the gossip machine, with what it trades."""

from dataclasses import dataclass, field

from protocol.fetch import FetchConfig
from protocol.interest import FollowingConfig


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """Caps of one link. At each: see the field."""

    hello_timeout_s: float = 10.0
    """A link that has not said Hello by then is closed."""
    served_wants_max: int = 128
    """Wants of the partner that wait; a further one is answered as empty and charged."""
    served_bytes_max: int = 1024 * 1024
    """Bytes answered to one want; a partner that wants more asks again."""
    reads_max: int = 4
    """Outstanding reads, each of one frame; further wants wait for them."""
    heads_per_s: float = 4_096.0
    """Heads (or names) and fingerprints that the partner may tell, some 10 µs each; a frame with
    more is ignored and charged."""
    heads_burst: int = 65_536
    """The same at once. We ourselves tell at half of both, and at `reconcile_bytes`."""
    pushes_per_s: float = 64.0
    """Headers that the partner may push; more are ignored and charged."""
    pushes_burst: int = 512
    """The same at once. We ourselves push at half of both."""
    outbox_max: int = 1_024
    """Feeds waiting to be pushed; the oldest is left to the next round."""
    frames_per_s: float = 256.0
    """Frames other than answers and pushes; more are ignored and charged."""
    frames_burst: int = 1_024
    """The same at once. We ourselves send wants at half of both."""
    evidence_per_s: float = 4.0
    """Proofs of equivocation that the partner may send; more are ignored and charged."""
    evidence_burst: int = 64
    """The same at once. We ourselves send at half of both."""
    evidence_told_max: int = 1_024
    """Authors whose proof was sent, so that it goes out once; the oldest is forgotten."""
    strangers_max: int = 256
    """Feeds offered that nobody here follows, a uniform sample: for probation and as cover."""
    heard_max: int = 64
    """Heads that the partner told or pushed last; others may be pushed to it though it has them."""
    sought_max: int = 1_024
    """Authors whom the partner was asked for, so that each is asked for once; the oldest again."""
    equal_ranges_max: int = 512
    """Ranges found equal and not gone through yet; the oldest is left out."""


@dataclass(frozen=True, slots=True)
class GossipConfig:
    """The machine. Defaults are for a daemon with some ten links."""

    round_s: float = 2.0
    """Between two exchanges that we start; smaller is fresher and costs more small frames."""
    reconcile_rounds: int = 100
    """Each so many rounds with a partner one reconciles by fingerprints instead."""
    reconcile_bytes: int = 1024 * 1024
    """Heads and fingerprints told to one partner a round; the rest comes with the next attempt."""
    reconcile_step_bytes: int = 256 * 1024
    """The same in answer to one frame (some 5 µs a head): what is left out comes later, too."""
    news_rounds: float = 10
    """What partners tell is announced on while it is not older than so many rounds; what is, others
    find in their rounds: after a time apart a header for each would cost as much as the data."""
    changed_heads_max: int = 4_096
    """More changed heads than that are reconciled rather than listed."""
    journal_max: int = 65_536
    """Changed heads remembered; partners not told since must reconcile."""
    recalled_max: int = 64
    """More authors than that newly followed at once, and partners are asked for all their heads
    rather than going through what they have told."""
    reunions_max: int = 32
    """Former partners of whom is remembered what they know; who left first is forgotten, and told
    anew."""
    links_max: int = 256
    """Links at once; a further one is closed at once, uncharged."""
    find_after_rounds: int = 3
    """A wanted author whom no link serves for so many rounds is looked for."""
    find_per_round_max: int = 4
    """Authors looked for in one round; the others wait for the next one."""
    probation_per_round_max: int = 8
    """Strangers taken on probation in one round, at most one from each link."""
    cover_rate: float = 0.125
    """Cover wants for each want sent to a partner that nobody vouches for."""
    cover_bytes: int = 8 * 1024
    """Size of a cover want."""
    proofs_max: int = 4_096
    """Proofs of equivocation in memory; the oldest can no longer be told, but still counts."""
    fork_reads_max: int = 64
    """Reads outstanding to prove forks; what would need one more is looked at next time."""
    feeds_looked_back_per_tick: int = 1_024
    """Feeds gone through for their beginnings in one tick, over all links (about 10 µs each)."""
    addresses_known_max: int = 256
    """Addresses that may be told to partners; more are cut off."""
    link: LinkConfig = field(default_factory=LinkConfig)
    fetch: FetchConfig = field(default_factory=FetchConfig)
    following: FollowingConfig = field(default_factory=FollowingConfig)
