"""What a person can set about her node, and where each value came from.

A flag beats an environment variable, which beats the TOML file, which beats the default written
here. Variables are named `GRAPEVINE_<SECTION>_<KEY>`, for example `GRAPEVINE_NETWORK_MDNS=false`;
lists are comma-separated there. A key that does not exist is an error that names the nearest one,
because a setting that is silently ignored is the worst answer.

The numbers of the algorithms themselves (decays, caps of the wire format) are not settings; they
live with the code that they steer.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

from node.errors import NodeError

Value: TypeAlias = bool | int | float | str | tuple[str, ...]

ENV_PREFIX = "GRAPEVINE_"
OTHER_VARIABLES = ("GRAPEVINE_HOME", "GRAPEVINE_PROFILE", "GRAPEVINE_DATA")
"""Variables that are no settings: two choose the node (`node.paths`), one finds test data."""

MULTIADDRESS = r"/[!-+\--~]{1,255}"
"""Printable ASCII without spaces and commas; whoever uses the address reads the rest."""

REACHABLE = MULTIADDRESS.replace("255", "192") + r"/p2p/[0-9A-Za-z]{1,128}"
"""One that says who is to answer there."""

FILE_BYTES_MAX = 1024 * 1024
LIST_MAX = 256
"""Entries of a list setting."""


class ConfigError(NodeError):
    """A setting is unknown, of the wrong type or out of range. Nothing was started."""

    code = "config_invalid"
    exit_code = 6


def setting(
    default: Any,
    doc: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    one_of: tuple[str, ...] = (),
    pattern: str = "",
    wanted: str = "",
) -> Any:
    """A documented field with its sane range; both ends are allowed values.

    `one_of` and `pattern` (a regular expression) are for texts and entries of lists; `wanted` says
    in words what the pattern asks for.
    """
    limits = {"at_least": at_least, "at_most": at_most, "one_of": one_of}
    form = {"pattern": pattern, "wanted": wanted}
    return field(default=default, metadata={"doc": doc, **limits, **form})


@dataclass(frozen=True, slots=True)
class NodeSection:
    """The process itself."""

    log_level: str = setting(
        "info", "how much is logged", one_of=("debug", "info", "warning", "error")
    )
    log_bytes_max: int = setting(
        10 * 1024 * 1024,
        "size of one log file in bytes; three are kept",
        at_least=65_536,
        at_most=2**30,
    )
    facts_max: int = setting(
        500_000, "private facts of all hosted people together", at_least=1, at_most=10_000_000
    )


@dataclass(frozen=True, slots=True)
class NetworkSection:
    """How this node is reached and reaches others."""

    listen: tuple[str, ...] = setting(
        ("/ip4/0.0.0.0/tcp/0",),
        "multiaddresses to listen on; port 0 picks a free one",
        pattern=MULTIADDRESS,
        wanted="a multiaddress such as /ip4/0.0.0.0/tcp/4001",
    )
    bootstrap: tuple[str, ...] = setting(
        (),
        "multiaddresses with /p2p/ of nodes to ask first; empty: only mDNS and known peers",
        pattern=REACHABLE,
        wanted="a multiaddress that ends in /p2p/ and the peer id, such as /dns4/meet.example.org"
        "/tcp/4001/p2p/12D3KooW...: on the node itself, grapevine id prints it",
    )
    network_id: str = setting(
        "grapevine",
        "who is in the same network; signed into every bundle",
        pattern=r"[!-~]{1,32}",
        wanted="1 to 32 printable ASCII characters without spaces",
    )
    mdns: bool = setting(True, "find nodes on the local network")
    kademlia: bool = setting(True, "find authors' nodes through the distributed hash table")
    autonat: bool = setting(True, "ask peers whether this node can be reached from outside")
    relay: bool = setting(True, "be reachable through relays, and relay a little for others")
    dcutr: bool = setting(True, "try to replace a relayed connection by a direct one")
    connections_max: int = setting(
        64, "open connections; new inbound ones are refused beyond it", at_least=4, at_most=1024
    )
    outbound_min: int = setting(
        8, "connections this node tries to keep open itself", at_least=0, at_most=64
    )
    inbound_per_address_max: int = setting(
        4,
        "connections from one IP address that have not proved an author yet",
        at_least=1,
        at_most=1024,
    )
    dial_private_addresses: bool = setting(
        False, "dial private addresses that public peers name; for tests and closed networks"
    )


@dataclass(frozen=True, slots=True)
class GossipSection:
    """Exchange of signed taste."""

    round_s: float = setting(
        2.0,
        "seconds between exchanges started by this node; shorter spreads faster and costs traffic",
        at_least=0.05,
        at_most=3600.0,
    )
    upload_bytes_per_s: int = setting(
        4 * 1024 * 1024,
        "what this node sends at most, bytes a second over all peers",
        at_least=1024,
        at_most=2**30,
    )
    followed_max: int = setting(
        4096, "authors whose feeds are followed, by trust", at_least=1, at_most=100_000
    )
    claims_per_followed: int = setting(
        20_000, "taste claims kept of one followed author", at_least=100, at_most=10_000_000
    )
    claims_per_stranger: int = setting(
        200, "taste claims kept of an author whom nobody here trusts", at_least=0, at_most=100_000
    )


@dataclass(frozen=True, slots=True)
class GraphSection:
    """The local graph."""

    bytes_max: int = setting(
        256 * 1024 * 1024,
        "memory of the graph in bytes, about 24 an edge; strangers are evicted first beyond it",
        at_least=2**20,
        at_most=2**36,
    )
    edges_per_author_max: int = setting(
        20_000,
        "items kept of one author; her own oldest go first",
        at_least=16,
        at_most=10_000_000,
    )
    half_life_days: float = setting(
        730.0,
        "after this many days a play counts half; shorter follows fashion",
        at_least=1.0,
        at_most=36_500.0,
    )


@dataclass(frozen=True, slots=True)
class RankSection:
    """What `recommend` shows."""

    discoveries: int = setting(
        2, "slots of twenty for items from newcomers, labelled as such", at_least=0, at_most=10
    )
    walks: int = setting(
        3000,
        "walks of one recommendation; more is steadier and slower",
        at_least=100,
        at_most=1_000_000,
    )


@dataclass(frozen=True, slots=True)
class SearchSection:
    """What `search` remembers and shows."""

    clicks_max: int = setting(
        1_200_000,
        "clicks kept of everybody, 18 bytes each; strangers may fill half of it",
        at_least=1_000,
        at_most=100_000_000,
    )
    swaps: float = setting(
        0.0,
        "part of the answers in which two results change places, so that others get clicks, too",
        at_least=0.0,
        at_most=1.0,
    )


@dataclass(frozen=True, slots=True)
class SimilarSection:
    """The index that `similar` answers from."""

    bytes_max: int = setting(
        128 * 1024 * 1024,
        "memory of one index of similar items, some 730 bytes each; the least known are left out",
        at_least=1024 * 1024,
        at_most=2**40,
    )


@dataclass(frozen=True, slots=True)
class TrustSection:
    """Whom the walks listen to beside those vouched for."""

    earned: bool = setting(
        True, "people whose items turned out well for you earn a little trust, a fifth in all"
    )


@dataclass(frozen=True, slots=True)
class QuerySection:
    """Who may ask this node."""

    remote: bool = setting(True, "answer read-only queries of allowed authors over the network")
    allowed: tuple[str, ...] = setting(
        (),
        "author keys (64 hex digits) who may ask, besides those of `grapevine allow`",
        pattern=r"[0-9a-f]{64}",
        wanted="an author key, 64 hex digits in small letters",
    )
    remote_per_minute: int = setting(
        60, "queries one remote author may ask a minute", at_least=1, at_most=100_000
    )


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one node. `origins` says for every `section.key` which layer decided."""

    node: NodeSection = NodeSection()
    network: NetworkSection = NetworkSection()
    gossip: GossipSection = GossipSection()
    graph: GraphSection = GraphSection()
    rank: RankSection = RankSection()
    search: SearchSection = SearchSection()
    similar: SimilarSection = SimilarSection()
    trust: TrustSection = TrustSection()
    query: QuerySection = QuerySection()
    origins: Mapping[str, str] = field(default_factory=dict)

    def origin(self, name: str) -> str:
        """Where the value of `section.key` came from: a flag, a variable, a file, `default`."""
        return self.origins.get(name, "default")


_SECTIONS: dict[str, type[Any]] = {
    f.name: type(f.default) for f in fields(Config) if f.name != "origins"
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One key, for documentation and `--help`: its type, default, range and meaning."""

    name: str
    kind: Any
    default: Value
    doc: str
    at_least: float | None
    at_most: float | None
    one_of: tuple[str, ...]
    pattern: str
    wanted: str


def _read_settings() -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for section, section_type in _SECTIONS.items():
        kinds = get_type_hints(section_type)
        for key in fields(section_type):
            name = f"{section}.{key.name}"
            default: Any = key.default
            found[name] = Setting(name, kinds[key.name], default, **key.metadata)
    return found


SETTINGS: Mapping[str, Setting] = _read_settings()
"""Every setting by `section.key`, in the order of the sections."""


def load_config(
    path: Path | None = None,
    *,
    flags: Mapping[str, Value | None] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Read the layers and check every value. A missing file is an empty one.

    `flags` maps `section.key` to a value, None meaning "not given". Raises `ConfigError`.
    """
    values: dict[str, Value] = {}
    origins: dict[str, str] = {}
    layers = (_from_file(path), _from_environment(environ), _from_flags(flags or {}))
    for layer in layers:
        for name, value, origin in layer:
            values[name] = _checked(SETTINGS[name], value, origin)
            origins[name] = origin
    sections = {
        section: kind(
            **{
                name.partition(".")[2]: value
                for name, value in values.items()
                if name.startswith(f"{section}.")
            }
        )
        for section, kind in _SECTIONS.items()
    }
    return Config(**sections, origins=origins)


_Layer: TypeAlias = list[tuple[str, Any, str]]


def _from_file(path: Path | None) -> _Layer:
    if path is None:
        return []
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    if len(raw) > FILE_BYTES_MAX:
        raise ConfigError(f"{path} is longer than {FILE_BYTES_MAX} bytes")
    try:
        tables = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not TOML: {error}", hint="mend or remove the file") from error
    layer: _Layer = []
    for section, table in tables.items():
        if section not in _SECTIONS:
            raise _unknown(section, _SECTIONS, str(path), "section")
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {section!r} is a section, write it as [{section}]")
        for key, value in table.items():
            layer.append((_known(f"{section}.{key}", str(path)), value, str(path)))
    return layer


def _from_environment(environ: Mapping[str, str]) -> _Layer:
    layer: _Layer = []
    by_variable = {variable(name): name for name in SETTINGS}
    for name in sorted(environ):
        if not name.startswith(ENV_PREFIX) or name in OTHER_VARIABLES:
            continue
        if name not in by_variable:
            raise _unknown(name, by_variable, "the environment", "variable")
        known = SETTINGS[by_variable[name]]
        layer.append((known.name, _parsed(known, environ[name], name), name))
    return layer


def _from_flags(flags: Mapping[str, Value | None]) -> _Layer:
    return [
        (_known(name, "the command line"), value, "the command line")
        for name, value in flags.items()
        if value is not None
    ]


def variable(name: str) -> str:
    """The environment variable that sets `section.key`."""
    return ENV_PREFIX + name.replace(".", "_").upper()


def _known(name: str, place: str) -> str:
    if name not in SETTINGS:
        raise _unknown(name, SETTINGS, place, "key")
    return name


def _unknown(name: str, known: Mapping[str, Any], place: str, what: str) -> ConfigError:
    message = f"{place}: there is no {what} {name[:128]!r}"
    key = name.rpartition(".")[2]
    homes = [section for section in _SECTIONS if f"{section}.{key}" in SETTINGS]
    if homes:
        return ConfigError(message, hint=f"{key} belongs below [{homes[0]}]")
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"there are: {', '.join(known)}"
    return ConfigError(message, hint=hint)


def _parsed(known: Setting, text: str, place: str) -> Value:
    """The text of an environment variable as a value of the setting's type."""
    if get_origin(known.kind) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if known.kind is bool:
        word = text.strip().lower()
        if word in ("1", "true", "yes", "on"):
            return True
        if word in ("0", "false", "no", "off"):
            return False
        raise _wrong(known, text, place)
    try:
        value: Value = known.kind(text)
    except ValueError:
        raise _wrong(known, text, place) from None
    return value


def _checked(known: Setting, value: Any, place: str) -> Value:
    """The value in the setting's type and range, else `ConfigError`."""
    kind = known.kind
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise _wrong(known, value, place)
        if len(value) > LIST_MAX:
            raise ConfigError(f"{place}: {known.name} has more than {LIST_MAX} entries")
        for entry in value:
            _check_text(known, entry, place)
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise _wrong(known, value, place)
    low, high = known.at_least, known.at_most
    # Written so that NaN, which compares false with everything, is refused.
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        raise ConfigError(
            f"{place}: {known.name} is {value!r}", hint=f"it must be from {low} to {high}"
        )
    if kind is str:
        _check_text(known, value, place)
    checked: Value = value
    return checked


def _check_text(known: Setting, text: str, place: str) -> None:
    if known.one_of and text not in known.one_of:
        raise ConfigError(
            f"{place}: {known.name} is {text[:128]!r}",
            hint=f"it is one of {', '.join(known.one_of)}",
        )
    if known.pattern and not re.fullmatch(known.pattern, text):
        raise ConfigError(
            f"{place}: {known.name} has {text[:128]!r}", hint=f"it must be {known.wanted}"
        )


def _wrong(known: Setting, value: Any, place: str) -> ConfigError:
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    wanted = "a list of texts" if get_args(known.kind) else kinds[known.kind]
    shown = repr(value)[:128]
    return ConfigError(f"{place}: {known.name} is {shown}", hint=f"it must be {wanted}")
