"""Every method of the query protocol: parameters, what `data` holds, who may ask.

All methods take `person` as well, the name of somebody hosted on the node; without it the owner is
meant. `?` marks parameters that may be left out.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from node.query import results
from node.query.schema import READ_ONLY


class Method(NamedTuple):
    """params: `name: what it is`, in words. result: the type of `data`."""

    params: Mapping[str, str]
    result: Any
    about: str


IMPORT_ROWS_MAX: Final = 500
"""Rows in one `import_rows` query, which must also fit into a request's frame."""

_PEER = "author key, id string, or the name of somebody hosted here"
_KNOWN = f"{_PEER}, or 12 digits or more that only one known author's key starts with"

METHODS: Final[Mapping[str, Method]] = {
    "status": Method({}, results.StatusResult, "What the node holds and how it is doing."),
    "stop": Method({}, results.StopResult, "Finish writing and end the daemon."),
    "like": Method(
        {
            "item": "namespace:name",
            "kind?": "like (default), play, rate, skip, save",
            "weight?": "-1..1, default 1, for skip -1",
            "title?": "text of at most 200 bytes",
            "tags?": "list of texts",
        },
        results.LikeResult,
        "State what the person thinks of an item; replaces what she said before.",
    ),
    "import_rows": Method(
        {
            "rows": "[user or null, item, weight -1..1, day, title or null, tags], up to 500",
            "people?": "true: every user becomes a person hosted here",
        },
        results.ImportResult,
        "State many items at once; repeating it changes nothing.",
    ),
    "trust": Method(
        {"peer": _PEER, "weight?": "-1..1, default 1, 0 takes it back"},
        results.TrustResult,
        "Vouch for somebody, or against her.",
    ),
    "trust_get": Method(
        {}, results.TrustedResult, "Whom the person's walks trust most, and who has earned it."
    ),
    "peers": Method({}, results.PeersResult, "Open links to other nodes."),
    "recommend": Method(
        {"n?": "1..200, default 20", "method?": "grapevine (default) or undefended"},
        results.RecommendResult,
        "The best items that the person does not know yet, with reasons.",
    ),
    "why": Method(
        {"item": "namespace:name", "without?": _KNOWN},
        results.WhyResult,
        "Why an item has its score, and what it would be if somebody had never been heard.",
    ),
    "similar": Method(
        {"item": "namespace:name", "n?": "1..200, default 20"},
        results.SimilarResult,
        "Items like this one, as the people whom the person trusts see it.",
    ),
    "search": Method(
        {
            "words": "list of texts",
            "n?": "1..200, default 20",
            "explain?": "true: say whose clicks carry each result",
        },
        results.SearchResult,
        "Items that match the words, ordered by what trusted people opened for them; when nothing"
        " matches, what they like.",
    ),
    "click": Method(
        {
            "item": "namespace:name",
            "words?": "list of texts; those of her last search if the item was in it",
            "position?": "place in the answer, 0 the top; where it stood in her last search",
        },
        results.ClickResult,
        "The person opened this item when she searched for these words.",
    ),
    "share_get": Method({}, results.ShareResult, "What the person shares."),
    "share_set": Method(
        {
            "people?": 'list of names, or "*" for everybody hosted here',
            "taste?": "true or false",
            "vouches?": "true or false",
            "negative_vouches?": "true or false",
            "clicks?": "true or false",
        },
        results.ShareSetResult,
        "Switch kinds of records on or off; what has left stays out until forgotten.",
    ),
    "share_preview": Method(
        {
            "limit?": "1..1000, default 100",
            "taste?": "true or false: as if it were switched so",
            "vouches?": "the same",
            "negative_vouches?": "the same",
            "clicks?": "the same",
        },
        results.PreviewResult,
        "The exact records that would leave.",
    ),
    "forget": Method(
        {"item": "namespace:name"},
        results.ForgetResult,
        "Delete an item from the person's taste, and retract it where it was shared.",
    ),
    "block": Method(
        {"target": f"item, {_KNOWN}"}, results.BlockResult, "Never hear or see it again."
    ),
    "unblock": Method({"target": "as for block"}, results.BlockResult, "Undo a block."),
    "allow": Method(
        {"author": "author key"}, results.AllowResult, "Let somebody query this node from afar."
    ),
    "disallow": Method({"author": "author key"}, results.AllowResult, "Undo an allow."),
    "id": Method({}, results.IdResult, "Who the person is and where her node listens."),
    "people": Method({}, results.PeopleResult, "Everybody hosted here."),
    "add_person": Method(
        {"name": "1 to 64 characters"}, results.AddPersonResult, "Host one more person."
    ),
    "netcheck": Method({}, results.NetcheckResult, "Can other nodes reach this one?"),
    "backup_create": Method(
        {"path": "absolute path of a file that does not exist"},
        results.BackupResult,
        "Copy the whole node, secrets included, into one file.",
    ),
    "remote": Method(
        {
            "address": "multiaddress with /p2p/",
            "method": f"one of {', '.join(sorted(READ_ONLY))}",
            "params": "of that method",
        },
        dict[str, Any],
        "Ask another node; `data` is its answer.",
    ),
}
