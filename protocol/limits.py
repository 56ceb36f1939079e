"""Every cap of the wire format in one place. SPEC.md's table repeats them; a test compares."""

FRAME_BYTES_MAX = 64 * 1024
"""A gossip frame; the length prefix is checked before the frame is read."""

CLAIMS_MAX = 256
"""Claims in a bundle."""

CLAIMS_BYTES_MAX = 16 * 1024
"""Encoded claims of a bundle."""

HEADER_BYTES_MAX = 512
"""Encoded header of a bundle."""

BUNDLE_BYTES_MAX = CLAIMS_BYTES_MAX + HEADER_BYTES_MAX + 128
"""A bundle in wire form."""

NETWORK_BYTES_MAX = 32
"""A network id (at least one byte)."""

ITEM_BYTES_MAX = 128
"""An item name in UTF-8."""

TITLE_BYTES_MAX = 200
"""A title in UTF-8."""

TAGS_MAX = 16
"""Tags of an item."""

TAG_BYTES_MAX = 32
"""A tag in UTF-8."""

TERMS_MAX = 16
"""Terms of a click's query."""

TERM_BYTES_MAX = 32
"""A query term in UTF-8."""

ADDRESSES_MAX = 16
"""Addresses of an Endpoint claim."""

ADDRESS_BYTES_MAX = 256
"""A multiaddress in text form."""

POSITION_MAX = 1000
"""Largest position of a click (0 is the top)."""

DAY_MAX = 65_535
"""Largest day, in days since 1970-01-01."""

SEQ_MAX = 2**32 - 1
"""Largest sequence number of a feed; 1 is the smallest."""

TIME_MAX = 2**40
"""Largest time of a bundle in Unix seconds."""

DEVICES_MAX = 8
"""Live devices of one author; bundles of a further one are refused without penalty."""

VOID_MARKS_MAX = 256
"""Void marks of one feed; an author raises `floor` to stay below, else the oldest are merged."""

PARKED_MAX = 64
"""Out-of-order bundles parked for one feed; the farthest from `hi` goes first."""

VOUCHES_LIVE_MAX = 256
"""Live vouches of one author; more are ignored."""

FUTURE_SECONDS_MAX = 600
"""How far ahead of our clock a bundle's time may be; later ones are refused and may come again."""
