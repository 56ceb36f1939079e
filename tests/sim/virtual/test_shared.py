"""One copy of each content, one check of each signature."""

from protocol.bundle import decode_bundle
from sim.virtual import shared
from sim.virtual.shared import Blobs, Memo
from tests.sim.virtual.bundles import feed_of_likes


def test_equal_contents_are_one_and_the_same():
    (bundle,) = feed_of_likes([["a"]])
    blobs = Blobs()
    first = blobs.of(bundle)
    assert blobs.of(decode_bundle(bundle.wire())) is first
    assert first.wire == bundle.wire()
    assert len(blobs) == 1
    assert blobs.nbytes == len(first.wire)


def test_a_bare_header_is_another_content_of_the_same_id():
    (bundle,) = feed_of_likes([["a"]])
    blobs = Blobs()
    whole = blobs.of(bundle)
    bare = blobs.bare(whole)
    assert bare is not whole
    assert bare.bundle.id == whole.bundle.id
    assert bare.wire == whole.bare_wire == bundle.bare().wire()


def test_another_signature_is_another_content():
    (bundle,) = feed_of_likes([["a"]])
    forged = decode_bundle(bundle.wire())
    forged.signature = bytes(64)
    blobs = Blobs()
    assert blobs.of(bundle) is not blobs.of(forged)


def test_a_signature_is_checked_once_and_a_forged_one_stays_forged(monkeypatch):
    (bundle,) = feed_of_likes([["a"]])
    forged = decode_bundle(bundle.wire())
    forged.signature = bytes(64)
    asked, real = [], shared.verify
    monkeypatch.setattr(shared, "verify", lambda b: asked.append(b) or real(b))
    memo = Memo()
    for _ in range(3):
        assert memo.verifier(bundle)
        assert not memo.verifier(forged)
    assert len(asked) == len(memo) == 2
