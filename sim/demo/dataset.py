"""MovieLens-100K: 100,000 ratings of 1,682 films by 943 people, out of a wheel that carries it.

Its terms allow research and forbid passing it on, so it is fetched on the machine where the demo
runs, checked, and kept in a cache directory; the package around it is neither installed nor run.
"""

import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PACKAGE = "recbole==1.2.1"
WHEEL = "recbole-1.2.1-py3-none-any.whl"
WHEEL_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
RATINGS_FILE = "recbole/dataset_example/ml-100k/ml-100k.inter"
RATINGS_SHA256 = "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff"
FILMS_FILE = "recbole/dataset_example/ml-100k/ml-100k.item"
FILMS_SHA256 = "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532"
FETCH_TIMEOUT_S = 120


class DatasetUnavailable(Exception):
    """The data cannot be had: the text says why and what to do. Nothing was left in the cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Ratings as parallel arrays of one row each; people and films are 0-based rows.

    stars: int8, 1..5. time: int64, Unix seconds. person_id and film_id: the data's own names.
    """

    person: NDArray[np.int32]
    film: NDArray[np.int32]
    stars: NDArray[np.int8]
    time: NDArray[np.int64]
    person_id: tuple[str, ...]
    film_id: tuple[str, ...]
    title: tuple[str, ...]

    @property
    def n_people(self) -> int:
        return len(self.person_id)

    @property
    def n_films(self) -> int:
        return len(self.film_id)


def _checked(data: bytes, sha256: str, name: str) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise DatasetUnavailable(f"{name} is not the file we know: sha256 {found}, not {sha256}")
    return data


def default_cache() -> Path:
    """Where the data is kept unless one says otherwise."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grapevine-demo"


def fetch_wheel(cache: Path) -> Path:
    """The wheel in `cache`, fetched with pip when it is not there yet. Raises DatasetUnavailable.

    A file that fails its checksum is removed, so that the next run starts clean.
    """
    wheel = cache / WHEEL
    if not wheel.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--only-binary=:all:", "--dest", str(cache), PACKAGE,
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise DatasetUnavailable(
                f"fetching {PACKAGE} took more than {FETCH_TIMEOUT_S} s; is the network up?"
            ) from None
        if done.returncode or not wheel.exists():
            raise DatasetUnavailable(
                f"pip could not fetch {PACKAGE}; put {WHEEL} into {cache} by hand:\n{done.stderr}"
            )
    try:
        _checked(wheel.read_bytes(), WHEEL_SHA256, WHEEL)
    except DatasetUnavailable:
        wheel.unlink()
        raise
    return wheel


def read_wheel(wheel: Path) -> Dataset:
    """The ratings and titles inside the wheel. Raises DatasetUnavailable when they were changed."""
    with zipfile.ZipFile(wheel) as archive:
        ratings = _checked(archive.read(RATINGS_FILE), RATINGS_SHA256, RATINGS_FILE)
        films = _checked(archive.read(FILMS_FILE), FILMS_SHA256, FILMS_FILE)
    return parse(ratings.decode("utf-8"), films.decode("utf-8"))


def parse(ratings: str, films: str) -> Dataset:
    """From the two tables as text; each has one heading line and tab-separated columns.

    People and films are numbered in the order of their ids. A film nobody rated is left out.
    """
    table = np.array([line.split("\t") for line in ratings.splitlines()[1:]], dtype=np.int64)
    people, person = np.unique(table[:, 0], return_inverse=True)
    shown, film = np.unique(table[:, 1], return_inverse=True)
    titles = {}
    for line in films.splitlines()[1:]:
        number, title, year = line.split("\t")[:3]
        titles[int(number)] = f"{title} ({year})" if year else title
    return Dataset(
        person=person.astype(np.int32),
        film=film.astype(np.int32),
        stars=table[:, 2].astype(np.int8),
        time=table[:, 3],
        person_id=tuple(str(number) for number in people.tolist()),
        film_id=tuple(str(number) for number in shown.tolist()),
        title=tuple(titles.get(number, f"film {number}") for number in shown.tolist()),
    )
