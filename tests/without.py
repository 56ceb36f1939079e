"""`pytest --without alpha`: the whole suite with one defence of the node switched off.

The defaults of the settings that stand in `sim.scenario.defences` become those that switch it off,
also in what was made of them while modules were loaded. Whatever test holds the defence goes red.
"""

import gc
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints


def switch_off(names: Iterable[str]) -> None:
    """For the rest of this process. Raises ScenarioError for a name that is no defence."""
    from sim.scenario.defences import without
    from sim.scenario.parts import NodeConfig

    before = NodeConfig()
    _change_defaults(NodeConfig, before, without(before, names))


def _change_defaults(kind: type[Any], before: Any, after: Any) -> None:
    """Wherever the two differ, deep down, as a new default of the class that holds it."""
    for one in fields(kind):
        old, new = getattr(before, one.name), getattr(after, one.name)
        if old == new:
            continue
        part = _dataclass_of(get_type_hints(kind)[one.name])
        if part is not None and new is not None:
            _change_defaults(part, old, new)
        else:
            _change_default(kind, one.name, old, new)


def _dataclass_of(hint: Any) -> type[Any] | None:
    found = [one for one in (hint, *get_args(hint)) if isinstance(one, type) and is_dataclass(one)]
    return found[0] if found else None


def _change_default(kind: type[Any], name: str, old: Any, new: Any) -> None:
    made = kind.__init__
    places = [one.name for one in fields(kind) if one.init]
    defaults = list(made.__defaults__)
    defaults[places.index(name) - len(places)] = new
    made.__defaults__ = tuple(defaults)
    for one in gc.get_objects():
        if type(one) is kind and getattr(one, name) == old:
            object.__setattr__(one, name, new)
