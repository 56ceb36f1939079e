"""Populations from the files of the field: who likes what, and who trusts whom."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from sim.data.formats import Columns
from sim.data.interactions import Dataset
from sim.data.loading import Files, load

ROOT = Path(__file__).resolve().parents[2]


class MissingData(ValueError):
    """A data file is not there; the text names it and says how to tell where it is."""


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one data set, below the data directory. affinity: how weights become affinities.
    allow: what its published files contain, see `sim.data.loading.ALLOWED`."""

    train: str
    trust: str | None = None
    affinity: str = "equal"
    columns: Columns = ()
    trust_columns: Columns = ()
    allow: tuple[str, ...] = field(default=())


SOURCES = {
    "hetrec": Source(
        "hetrec-lastfm-2k/user_artists.dat.gz", "hetrec-lastfm-2k/user_friends.dat.gz"
    ),
    "gowalla": Source("gowalla/train.txt.gz"),
    "movielens": Source("ml-100k/u.data", affinity="log"),
    "ciao": Source(
        "ciao/ratings.tsv.gz",
        "ciao/trust.tsv.gz",
        affinity="log",
        columns=("user", "item", "-", "weight", "-", "time"),
        allow=("zero-weights", "duplicates"),
    ),
}
"""Name in a scenario -> files. Where people vouch for nobody in the data, nobody does here."""


def data_directory() -> Path:
    """Where the data are: $GRAPEVINE_DATA, or `shared/data` beside the project."""
    named = os.environ.get("GRAPEVINE_DATA")
    return Path(named) if named else ROOT.parent / "shared" / "data"


def missing(name: str) -> Path | None:
    """The first file of a source that is not there."""
    source = SOURCES[name]
    files = [data_directory() / file for file in (source.train, source.trust) if file]
    return next((file for file in files if not file.exists()), None)


def dataset(name: str) -> Dataset:
    """All of one source. Raises MissingData, and DataError for what is wrong inside."""
    absent = missing(name)
    if absent is not None:
        raise MissingData(f"{absent} is missing: say where the data are with GRAPEVINE_DATA=DIR")
    source, place = SOURCES[name], data_directory()
    files = Files(
        place / source.train,
        trust=place / source.trust if source.trust else None,
        columns=source.columns,
        trust_columns=source.trust_columns,
    )
    return load(files, source.allow)
