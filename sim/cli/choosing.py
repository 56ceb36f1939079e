"""--method and --set: which methods, under which labels, with which parameters."""

from __future__ import annotations

from collections.abc import Sequence

from node.cli.session import usage


def words(text: str) -> list[str]:
    """The parts of a list with commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def chosen(
    names: str, settings: Sequence[str], command: str
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """(label -> method, label -> parameters) of `NAME[,LABEL=NAME]` and `LABEL.PARAM=VALUE`.

    Raises a usage error (exit 2) for what cannot be read or made.
    """
    from sim.methods.registry import method

    kinds = {}
    for word in words(names):
        label, _, name = word.partition("=")
        kinds[label] = name or label
    if not kinds:
        raise usage("--method names nothing")
    given: dict[str, dict[str, str]] = {label: {} for label in kinds}
    for one in settings:
        key, equals, value = one.partition("=")
        label, dot, parameter = key.partition(".")
        if not (equals and dot and label and parameter):
            raise usage(f"--set {one}: it should read METHOD.PARAM=VALUE")
        if label not in given:
            raise usage(f"--set {one}: {label!r} is not in --method {names}")
        given[label][parameter] = value
    for label, values in given.items():
        try:
            method(kinds[label], values)
        except ValueError as error:
            raise usage(str(error), f"see: grapevine {command} --help") from None
    return kinds, given
