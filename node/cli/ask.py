"""recommend, why, similar, search, click."""

from typing import Annotated, Any

import typer

from node.cli.command import command, new_app
from node.cli.remote import Remote, ask_anywhere
from node.cli.session import Session, usage

app = new_app()

ListLength = Annotated[int, typer.Option("-n", min=1, max=200, metavar="N", help="How many.")]


@command(app, "recommend")
def recommend(
    session: Session,
    n: ListLength = 20,
    undefended: Annotated[
        bool,
        typer.Option("--undefended", help="What it would be without defences, for comparison."),
    ] = False,
    reasons: Annotated[bool, typer.Option(help="Print the main reason under each item.")] = True,
    remote: Remote = None,
) -> None:
    """What to try next, with reasons. Two of twenty are labelled discoveries."""
    method = "undefended" if undefended else None
    data = ask_anywhere(session, remote, "recommend", n=n, method=method)
    lines: list[str] = []
    for place, entry in enumerate(data["items"], 1):
        label = f"  [discovery: {entry['discovery']}]" if entry["discovery"] else ""
        lines.append(f"{place:3}. {named(entry)}{label}")
        if reasons and entry["reasons"]:
            lines.append(f"       {reason(entry['reasons'][0])}")
    if not data["items"]:
        session.say("nothing to recommend yet: like or import something, and trust somebody")
    session.show(data, *lines)


def named(entry: dict[str, Any]) -> str:
    """An item's title and name, as a list shows them."""
    title = entry.get("title") or ""
    if not title:
        return str(entry["item"])
    doubt = "" if entry.get("title_by") != "stranger" else " (a stranger's title)"
    return f"{title}{doubt}  {entry['item']}"


def who(person: dict[str, Any]) -> str:
    """A person's name, else the beginning of her key."""
    return str(person["name"] or person["author"][:12])


def reason(path: dict[str, Any]) -> str:
    """One path in words."""
    source = path["because"]
    because = f"because of {source.get('title') or source['item']}, " if source["item"] else ""
    trail = [who(person) for person in path["trail"][1:-1]]
    through = f" through {' > '.join(trail)}" if trail else ""
    earned = ", by earned trust" if path.get("earned") else ""
    return f"{path['share']:.0%}: {because}heard from {who(path['heard_from'])}{through}{earned}"


@command(app, "why")
def why(
    session: Session,
    item: Annotated[str, typer.Argument(help="An item's name, e.g. ml:movie:50.")],
    without: Annotated[
        str | None, typer.Option(metavar="PEER", help="Compute it again without this person.")
    ] = None,
    remote: Remote = None,
) -> None:
    """Why an item is recommended: score, rank, paths whose shares add up, whom it depends on."""
    data = ask_anywhere(session, remote, "why", item=item, without=without)
    lines = [named(data), *_explained(data)]
    if data["known"]:
        lines.insert(1, "  you have it already, or blocked it: it is never recommended")
    fewer = data.get("without")
    if fewer:
        lines += [f"without {who(fewer['person'])}:", *_explained(fewer)]
    session.show(data, *lines)


def _explained(entry: dict[str, Any]) -> list[str]:
    rank = f"rank {entry['rank']}" if entry["rank"] else "not in the list"
    error = f" ± {entry['standard_error']:.3g}" if entry["standard_error"] else ""
    lines = [f"  score {entry['score']:.4g}{error}, {rank} ({entry['answered_by']})"]
    lines += [f"  {reason(path)}" for path in entry["reasons"]]
    if not entry["paths"]:
        lines.append("  no path leads to it from what you like")
    if entry["other_share"] > 0:
        rest = entry["paths"] - len(entry["reasons"])
        lines.append(f"  {entry['other_share']:.0%}: {rest} other paths")
    depends = entry["depends_on"]
    if depends:
        lines.append(f"  rests most on {who(depends)} (excess {depends['excess']:.2f})")
    return lines


@command(app, "similar")
def similar(
    session: Session,
    item: Annotated[str, typer.Argument(help="An item's name, e.g. ml:movie:50.")],
    n: ListLength = 20,
    remote: Remote = None,
) -> None:
    """Items like this one, as the people whom you trust see it; it need not be in your taste."""
    data = ask_anywhere(session, remote, "similar", item=item, n=n)
    lines = [
        f"{place:3}. {named(entry)}  {entry['likeness']:.2f}{_both(entry)}"
        for place, entry in enumerate(data["items"], 1)
    ]
    if not lines:
        session.say(f"nothing like {named(data['asked'])} yet: nobody whom you trust has it")
    session.show(data, *lines)


def _both(entry: dict[str, Any]) -> str:
    """Who likes both items, else what both are, in few words."""
    if not entry["reasons"]:
        tags = ", ".join(entry["shared_tags"])
        return f"  (both are {tags})" if tags else ""
    more = f" and {entry['paths'] - 1} more" if entry["paths"] > 1 else ""
    return f"  ({who(entry['reasons'][0]['heard_from'])}{more} like both)"


@command(app, "search")
def search(
    session: Session,
    words: Annotated[list[str], typer.Argument(help="Words of a title or tag.")],
    n: ListLength = 20,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say under each result why it is there.")
    ] = False,
    remote: Remote = None,
) -> None:
    """Find items by words: text matches first, ordered by what trusted people opened.

    Liking a result within an hour, or `grapevine click`, is remembered as right for these words.
    """
    data = ask_anywhere(session, remote, "search", words=words, n=n, explain=explain or None)
    lines: list[str] = []
    for place, entry in enumerate(data["items"], 1):
        label = LABELS.get(entry["matched"], "") if data["matched_by"] != "popular" else ""
        lines.append(f"{place:3}. {named(entry)}{label if not explain else ''}")
        if explain:
            lines.append(f"       {_found_by(entry)}")
    if not lines:
        session.say(f"nothing found for {' '.join(words)}")
    elif data["matched_by"] == "popular":
        session.say(f"nothing matches {' '.join(words)}; liked most by the people you hear:")
    session.show(data, *lines)


LABELS = {"partial": "  [some words]", "popular": "  [popular]"}

MATCHES = {
    "text": "all words match",
    "partial": "some words match",
    "clicks": "no word matches",
    "popular": "liked by the people you hear",
}


def _found_by(entry: dict[str, Any]) -> str:
    """How a result was found, and whose clicks carry it."""
    parts = [MATCHES.get(entry["matched"], entry["matched"])]
    if entry["matched"] == "text" and entry["title_by"] == "stranger":
        parts[0] += ", in a stranger's title only"
    carried = entry.get("clicked_by") or {"people": [], "count": 0}
    if carried["count"]:
        people = [f"{who(person)} {person['share']:.0%}" for person in carried["people"]]
        more = carried["count"] - len(people)
        others = f" and {more} more" if more > 0 else ""
        parts.append(f"opened for it by {', '.join(people)}{others} (score {entry['score']:.3g})")
    elif entry["matched"] != "popular":
        parts.append("nobody whom you trust opened it for these words")
    return "; ".join(parts)


@command(app, "click")
def click(
    session: Session,
    item: Annotated[str, typer.Argument(help="The item that was opened.")],
    words: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="WORDS", help="The words searched for; those of the last search."
        ),
    ] = None,
    position: Annotated[
        int | None,
        typer.Option(
            min=1, max=1001, metavar="N", help="Its place in the list; as the last search showed."
        ),
    ] = None,
) -> None:
    """Say that an item was right for these words. Stays here until clicks are shared."""
    if words is not None and not words.strip():
        raise usage("--for needs the words that were searched for", 'e.g. --for "blue album"')
    data = session.ask(
        "click",
        item=item,
        words=words.split() if words is not None else None,
        position=position - 1 if position is not None else None,
    )
    kept = "shared" if data["shared"] else "kept on this node"
    place = f" at place {data['position'] + 1}"
    session.show(data, f"noted {item} for {' '.join(data['terms'])}{place} ({kept})")
