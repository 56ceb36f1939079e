"""A small peer made from SPEC.md, frames in and out: it offers one feed and reads others."""

from collections.abc import Sequence
from typing import Any

from tests.interop import sayings, talk
from tests.interop.schema import Refused

Message = dict[str, Any]


class Speaker:
    """One gossip session of the dialling side. `wires`: bundles of its own feed, oldest first."""

    def __init__(
        self,
        *,
        network: bytes,
        seed: bytes,
        nonce: bytes,
        me: str,
        partner: str,
        wires: Sequence[bytes],
    ) -> None:
        self._network, self._seed, self._nonce = network, seed, nonce
        self._me, self._partner = me, partner
        self._wires = [(sayings.read_bundle(wire), wire) for wire in wires]
        self._their_nonce = b""
        self._names: dict[int, tuple[bytes, bytes, int]] = {}
        self._named = False
        self._want = 0
        self._asked: dict[int, tuple[bytes, bytes, int]] = {}
        self.their_authors: list[bytes] = []
        self.served: list[int] = []
        """Sequence numbers of our feed that the partner has asked for and got."""
        self.heard: list[dict[str, Any]] = []
        """The partner's bundles, checked."""
        self.finished = 0
        """Wants of ours that were answered to the end."""

    def start(self) -> list[Message]:
        return [{"type": "Hello", "version": 1, "network": self._network, "nonce": self._nonce}]

    def receive(self, message: Message) -> list[Message]:
        """What to answer. Refused when the partner breaks the rules."""
        kind = message["type"]
        if not self._their_nonce and kind != "Hello":
            raise Refused("wrong_schema", f"{kind} before Hello")
        return getattr(self, f"_on_{kind.lower()}")(message)

    # --- the handshake ---------------------------------------------------------------------------

    def _on_hello(self, message: Message) -> list[Message]:
        assert not self._their_nonce, "a second Hello"
        assert (message["version"], message["network"]) == (1, self._network)
        self._their_nonce = message["nonce"]
        data = talk.statement(
            self._network, self._me, self._partner, self._nonce, self._their_nonce
        )
        return [talk.prove([self._seed], data), self._opening()]

    def _on_proofs(self, message: Message) -> list[Message]:
        data = talk.statement(
            self._network, self._partner, self._me, self._their_nonce, self._nonce
        )
        self.their_authors += talk.proved(message, data)
        return []

    def _on_refused(self, message: Message) -> list[Message]:
        raise Refused("refused", message["reason"])

    # --- heads -----------------------------------------------------------------------------------

    def _key(self) -> bytes:
        first = self._wires[0][0]
        return talk.feed_key(first["author"], first["device"], first["lane"])

    def _head(self) -> Message:
        first, last = self._wires[0][0], self._wires[-1][0]
        return {"handle": 0, "lo": first["seq"], "hi": last["seq"], "tag": last["id"][:8]}

    def _naming(self) -> list[Message]:
        """Our feed's name, once."""
        if self._named:
            return []
        self._named = True
        first = self._wires[0][0]
        return [{"handle": 0, **{name: first[name] for name in ("author", "device", "lane")}}]

    def _print(self, lower: bytes, upper: bytes) -> Message:
        inside = self._within(lower, upper)
        head = self._head()
        prints = [talk.fingerprint(self._key(), head["hi"], head["tag"])] * inside
        return {
            "lower": lower,
            "upper": upper,
            "count": len(prints),
            "digest": talk.range_digest(prints),
        }

    def _within(self, lower: bytes, upper: bytes) -> bool:
        return lower <= self._key() and (not upper or self._key() < upper)

    def _opening(self) -> Message:
        prints = [self._print(b"", b"")]
        return {"type": "Ranges", "named": [], "prints": prints, "lists": [], "opening": True}

    def _on_ranges(self, message: Message) -> list[Message]:
        self._learn(message)
        lists = []
        for part in message["prints"]:
            if self._print(part["lower"], part["upper"]) == part:
                continue
            lists.append(self._list(part, answer=part["count"] > 0))
        wants = []
        for part in message["lists"]:
            wants += self._wants(part["heads"])
            if part["answer"] and self._within(part["lower"], part["upper"]):
                lists.append(self._list(part, answer=False))
        answer: list[Message] = []
        if lists:
            named = self._naming() if any(part["heads"] for part in lists) else []
            answer.append(
                {"type": "Ranges", "named": named, "prints": [], "lists": lists, "opening": False}
            )
        return answer + wants

    def _list(self, part: Message, *, answer: bool) -> Message:
        lower, upper = part["lower"], part["upper"]
        heads = [self._head()] if self._within(lower, upper) else []
        return {"lower": lower, "upper": upper, "heads": heads, "answer": answer}

    def _on_heads(self, message: Message) -> list[Message]:
        self._learn(message)
        answer: list[Message] = []
        if message["answer"]:
            heads = {"named": self._naming(), "heads": [self._head()]}
            answer.append({"type": "Heads", **heads, "answer": False})
        return answer + self._wants(message["heads"])

    def _learn(self, message: Message) -> None:
        for name in message["named"]:
            self._names[name["handle"]] = (name["author"], name["device"], name["lane"])

    def _on_seek(self, message: Message) -> list[Message]:
        if self._wires[0][0]["author"] not in message["authors"]:
            return []
        heads = {"named": self._naming(), "heads": [self._head()]}
        return [{"type": "Heads", **heads, "answer": False}]

    # --- asking and answering --------------------------------------------------------------------

    def _wants(self, heads: Sequence[Message]) -> list[Message]:
        found = [(self._names[head["handle"]], head["lo"], head["hi"]) for head in heads]
        return [self._ask(*each) for each in found if talk.feed_key(*each[0]) != self._key()]

    def _ask(self, feed: tuple[bytes, bytes, int], lo: int, hi: int) -> Message:
        number, self._want = self._want, self._want + 1
        self._asked[number] = feed
        author, device, lane = feed
        want = {
            "want": number,
            "author": author,
            "device": device,
            "lane": lane,
            "lo": lo,
            "hi": hi,
        }
        return {"type": "Wants", "wants": [{**want, "bytes_max": 65_536, "newest_first": False}]}

    def _on_push(self, message: Message) -> list[Message]:
        asked = []
        for wire in message["headers"]:
            header = sayings.read_bundle(wire)
            assert header["claims"] is None, "a push carries headers only"
            feed = (header["author"], header["device"], header["lane"])
            known = [
                b["seq"] for b in self.heard if b["author"] == feed[0] and b["lane"] == feed[2]
            ]
            lo = max(known, default=0) + 1
            if lo <= header["seq"]:
                asked.append(self._ask(feed, lo, header["seq"]))
        return asked

    def _on_data(self, message: Message) -> list[Message]:
        for part in message["parts"]:
            feed = self._asked[part["want"]]
            for wire in part["bundles"]:
                bundle = sayings.read_bundle(wire)
                assert (bundle["author"], bundle["device"], bundle["lane"]) == feed
                assert bundle["network"] == self._network
                self.heard.append(bundle)
            self.finished += part["done"]
        return []

    def _on_wants(self, message: Message) -> list[Message]:
        parts = []
        for want in message["wants"]:
            feed = talk.feed_key(want["author"], want["device"], want["lane"])
            fits = [
                (bundle["seq"], wire)
                for bundle, wire in self._wires
                if feed == self._key() and want["lo"] <= bundle["seq"] <= want["hi"]
            ]
            fits = fits[::-1] if want["newest_first"] else fits
            self.served += [seq for seq, _ in fits]
            wires = [wire for _, wire in fits]
            parts.append({"want": want["want"], "bundles": wires, "done": True})
        return [{"type": "Data", "parts": parts}]

    # --- the rest --------------------------------------------------------------------------------

    def _on_peers(self, message: Message) -> list[Message]:
        return [{"type": "Peers", "addresses": [], "answer": False}] if message["answer"] else []

    def _on_evidence(self, message: Message) -> list[Message]:
        for proof in message["proofs"]:
            sayings.read_proof(proof, self._network)
        return []
