"""Slow, obvious twins of the kernels of blocks, on dictionaries and `struct`."""

import struct


def size(edges, stamps):
    """Bytes of a block, a multiple of four."""
    ref = 0 if edges == stamps else 1 if stamps <= 256 else 2
    return -(-((7 + ref) * edges + 6 * stamps) // 4) * 4


def stamps_of(block):
    """How many stamps the smallest form of {item: (seq, device, day, weight)} has."""
    n, distinct = len(block), len({said[:2] for said in block.values()})
    ref = 1 if distinct <= 256 else 2
    narrow = (7 + ref) * n + 6 * distinct
    return distinct if distinct <= 65_536 and narrow < 13 * n else n


def packed(block, stamps):
    """The bytes, without what pads them."""
    said = [block[item] for item in sorted(block)]
    n = len(said)
    table = [s[:2] for s in said] if stamps == n else sorted({s[:2] for s in said})
    parts = [
        struct.pack(f"={n}i", *sorted(block)),
        struct.pack(f"={len(table)}I", *(seq for seq, _ in table)),
        struct.pack(f"={n}H", *(s[2] for s in said)),
        struct.pack(f"={len(table)}H", *(device for _, device in table)),
        struct.pack(f"={n}b", *(s[3] for s in said)),
    ]
    if stamps < n:
        form = "B" if stamps <= 256 else "H"
        parts.append(struct.pack(f"={n}{form}", *(table.index(s[:2]) for s in said)))
    return b"".join(parts)
