"""What all simulated peers share: each bundle once, and each signature checked once.

Every peer still decides for itself what it accepts. Only the bytes, and whether the author has
signed them, are the same for everybody, and so is the memory in which they stand.
"""

from __future__ import annotations

from typing import TypeAlias

from protocol.bundle import Bundle, Verifier, verify

Key: TypeAlias = tuple[bytes, bytes, bool]
"""(header id, signature, whether the claims are there): the content of a bundle."""


class Blob:
    """One content: the bundle, without decoded claims, its feed and its bytes on the wire."""

    __slots__ = ("bare_wire", "bundle", "feed", "wire")

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle.undecoded()
        self.feed = bundle.feed
        self.wire = bundle.wire()
        self.bare_wire = bundle.bare().wire() if bundle.claims_bytes is not None else self.wire


class Blobs:
    """Contents by what they are. Grows with what is said, not with who holds it."""

    def __init__(self) -> None:
        self._known: dict[Key, Blob] = {}
        self.nbytes = 0
        """Of all contents on the wire."""

    def __len__(self) -> int:
        return len(self._known)

    def of(self, bundle: Bundle) -> Blob:
        """The one that has this content."""
        key = bundle.id, bundle.signature, bundle.claims_bytes is not None
        blob = self._known.get(key)
        if blob is None:
            blob = self._known[key] = Blob(bundle)
            self.nbytes += len(blob.wire)
        return blob

    def bare(self, blob: Blob) -> Blob:
        """The same without its claims."""
        return self.of(blob.bundle.bare())


class Memo:
    """Whether the author of a bundle has signed it: asked once of each header and signature."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes], bool] = {}

    def __len__(self) -> int:
        return len(self._known)

    def genuine(self, bundle: Bundle) -> bool:
        """80 µs the first time, then .3 µs."""
        key = bundle.id, bundle.signature
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = verify(bundle)
        return known

    @property
    def verifier(self) -> Verifier:
        """What peers are built with."""
        return self.genuine
