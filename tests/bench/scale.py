"""How large the benchmarks are: as asked, or just large enough to show that they work."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes and repetitions of every benchmark."""

    world_authors: int
    world_items: int
    world_edges: int
    search_authors: int
    search_items: int
    search_clicks: int
    """As many likes as clicks."""
    search_questions: int
    large_authors: int
    large_items: int
    large_edges: int
    """As of `world`, for starting with as many edges as a graph of the usual size holds."""
    command_runs: int
    starts: int
    sync_authors: int
    """Fewer than 248: the receiver vouches for each, and for owners of nodes."""
    sync_bundles: int
    """Bundles of 64 claims of each author."""
    single_authors: int
    single_bundles: int
    """Bundles of one claim of each author."""
    bulk_authors: int
    bulk_bundles: int
    """As for sync, for the catch-up that propagation and stalls are measured beside."""
    ring: int
    """Nodes in the ring; its diameter is half of that."""
    likes: int
    """In each of the two phases."""
    idle_every_s: float
    busy_every_s: float
    """Between two likes, in each phase."""
    similar_questions: int
    alike_questions: int
    """Asked for neighbours in the world, and on public data."""
    walk_copies: int
    """Copies of Gowalla in the world of walks; 0 for a small random one."""
    walk_dense_people: int
    """People, and items, of the dense world."""
    walkers: int
    walk_questions: int
    """People asked for in each world of walks."""
    trust_vouches: int
    trust_changes: int
    """Vouches changed, one after the other, under kept walks."""
    region_identities_max: int
    region_seeds: int
    public_tables: bool
    """Whether the public tables are measured on their data, or on a tiny split drawn at random."""
    friends_splits: int
    attack_corners: int
    attack_others: int
    """Cells of the attack grid: of its corners, and drawn from the rest."""
    attack_draws: int
    attacked_people: int
    """Asked in each draw."""
    twins: int
    """People who each vouch for an attacker who copies them."""
    flood: int
    """Identities for whom nobody vouches."""
    capped_people: int
    """With a capped graph of her own each."""
    curve_people: int
    """Asked for the lines of quality and of exposure."""
    ablation_people: int
    ablation_asked: int
    """Asked under attack, in each of two splits."""
    graph_people: int
    graph_cells: int
    """Honest people of a graph run, and cells of its grid that are run."""
    virtual_peers: int
    virtual_rounds: int
    virtual_questions: int
    """Real peers on a virtual clock, exchanges that each starts, lists asked for meanwhile."""
    virtual_many: int
    virtual_many_rounds: int
    """The same for very many of them, at rounds of 30 s."""
    virtual_sizes: tuple[tuple[int, float], ...]
    """(interested peers, their share of all) whose spreading is measured."""
    virtual_parted: int
    """Peers of a partition that heals, and of a bulk catch-up."""
    per_peer_sizes: tuple[int, ...]
    """Peers of the networks whose cost for one peer is compared, the first with all others."""
    per_peer_asked: int
    """People asked for lists at each size, in several networks where one has fewer."""


FULL = Scale(
    world_authors=20_000,
    world_items=100_000,
    world_edges=1_000_000,
    search_authors=4_000,
    search_items=100_000,
    search_clicks=1_000_000,
    search_questions=1_000,
    large_authors=100_000,
    large_items=400_000,
    large_edges=10_000_000,
    command_runs=15,
    starts=3,
    sync_authors=128,
    sync_bundles=80,
    single_authors=16,
    single_bundles=3_000,
    bulk_authors=240,
    bulk_bundles=100,
    ring=8,
    likes=60,
    idle_every_s=0.5,
    busy_every_s=0.2,
    similar_questions=300,
    alike_questions=4_000,
    walk_copies=7,
    walk_dense_people=20_000,
    walkers=100_000,
    walk_questions=300,
    trust_vouches=100_000,
    trust_changes=300,
    region_identities_max=100_000,
    region_seeds=12,
    public_tables=True,
    friends_splits=5,
    attack_corners=120,
    attack_others=60,
    attack_draws=5,
    attacked_people=100,
    twins=200,
    flood=10_000,
    capped_people=100,
    curve_people=500,
    ablation_people=300,
    ablation_asked=75,
    graph_people=2_000,
    graph_cells=15,
    virtual_peers=1_000,
    virtual_rounds=200,
    virtual_questions=2_000,
    virtual_many=10_000,
    virtual_many_rounds=120,
    virtual_sizes=(
        *((100, 1.0), (300, 1.0), (1_000, 1.0), (3_000, 1.0), (10_000, 1.0)),
        *((100, 0.1), (300, 0.1), (1_000, 0.1), (100, 0.01)),
    ),
    virtual_parted=100,
    per_peer_sizes=(1_000, 3_000, 10_000),
    per_peer_asked=2_000,
)

SMALL = Scale(
    world_authors=100,
    world_items=500,
    world_edges=5_000,
    search_authors=60,
    search_items=300,
    search_clicks=2_000,
    search_questions=30,
    large_authors=200,
    large_items=1_000,
    large_edges=10_000,
    command_runs=1,
    starts=1,
    sync_authors=4,
    sync_bundles=4,
    single_authors=2,
    single_bundles=20,
    bulk_authors=8,
    bulk_bundles=8,
    ring=3,
    likes=3,
    idle_every_s=0.1,
    busy_every_s=0.02,
    similar_questions=10,
    alike_questions=40,
    walk_copies=0,
    walk_dense_people=200,
    walkers=2_000,
    walk_questions=5,
    trust_vouches=2_000,
    trust_changes=20,
    region_identities_max=100,
    region_seeds=2,
    public_tables=False,
    friends_splits=2,
    attack_corners=2,
    attack_others=1,
    attack_draws=2,
    attacked_people=8,
    twins=3,
    flood=50,
    capped_people=4,
    curve_people=20,
    ablation_people=10,
    ablation_asked=2,
    graph_people=60,
    graph_cells=2,
    virtual_peers=12,
    virtual_rounds=10,
    virtual_questions=6,
    virtual_many=16,
    virtual_many_rounds=4,
    virtual_sizes=((8, 1.0), (12, 1.0), (4, 0.5)),
    virtual_parted=8,
    per_peer_sizes=(12, 24),
    per_peer_asked=24,
)
