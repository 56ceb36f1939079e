"""From the schema a store was written with to the one this program knows: forwards only.

`PRAGMA user_version` names the schema. All steps run in one transaction, after a copy of the store
was laid beside it, so a failure at any moment leaves either the old store or the new one.
"""

from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import apsw

from node.durable_file import sync_directory, sync_file
from node.store.errors import SchemaTooNew, StoreDamaged
from node.store.word_breaks import apart

APPLICATION_ID = 0x47525056
"""`GRPV` in the file's header: an SQLite file without it is somebody else's."""

_NOTE_NEW = """
BEGIN
    DELETE FROM changes WHERE author = new.author;
    INSERT INTO changes (author) VALUES (new.author);
END;
"""

_CHANGES = f"""
-- Authors whose feeds have changed, each once, in the order of their last change.
CREATE TABLE changes (
    change INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice
    author BLOB    NOT NULL UNIQUE
) STRICT;

CREATE TRIGGER feed_added AFTER INSERT ON feeds {_NOTE_NEW}
CREATE TRIGGER feed_changed AFTER UPDATE ON feeds {_NOTE_NEW}

CREATE TRIGGER feed_dropped AFTER DELETE ON feeds BEGIN
    DELETE FROM changes WHERE author = old.author;
    INSERT INTO changes (author) VALUES (old.author);
END;

CREATE TRIGGER bundle_voided AFTER INSERT ON voids BEGIN
    DELETE FROM changes WHERE author = (SELECT author FROM feeds WHERE feed = new.feed);
    INSERT INTO changes (author) SELECT author FROM feeds WHERE feed = new.feed;
END;
"""

_SHOWN = """
-- What each person was shown, in the order of its first showing, and because of whom.
CREATE TABLE shown (
    showing INTEGER PRIMARY KEY,
    person  INTEGER NOT NULL,
    item    TEXT    NOT NULL,
    day     INTEGER NOT NULL,
    authors BLOB    NOT NULL CHECK (length(authors) % 33 = 0),  -- key and percent, joined
    outcome INTEGER CHECK (outcome BETWEEN -100 AND 100),       -- NULL: none yet
    UNIQUE (person, item)
) STRICT;
"""

_TEXTS = """
-- Each different text of an item once, however many say it: what the word index reads. The words
-- are the text with letters of scripts without spaces set apart; NULL where that changes nothing.
CREATE TABLE item_texts (
    text        INTEGER PRIMARY KEY,
    item        TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    tags        TEXT    NOT NULL,
    title_words TEXT,
    tag_words   TEXT,
    sources     INTEGER NOT NULL DEFAULT 0,     -- rows of item_info that say so
    UNIQUE (item, title, tags)
) STRICT;

CREATE INDEX item_texts_of_nobody ON item_texts (text) WHERE sources = 0;

DROP TRIGGER item_info_added;
DROP TRIGGER item_info_removed;
DROP TRIGGER item_info_changed;
DROP TABLE item_words;

CREATE VIRTUAL TABLE item_words USING fts5 (
    title, tags, content = '', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE item_terms USING fts5vocab ('item_words', 'row');

CREATE TRIGGER item_text_added AFTER INSERT ON item_texts BEGIN
    INSERT INTO item_words (rowid, title, tags)
    VALUES (new.text, coalesce(new.title_words, new.title), coalesce(new.tag_words, new.tags));
END;

CREATE TRIGGER item_text_removed AFTER DELETE ON item_texts BEGIN
    INSERT INTO item_words (item_words, rowid, title, tags)
    VALUES ('delete', old.text, coalesce(old.title_words, old.title),
            coalesce(old.tag_words, old.tags));
END;

-- Whoever writes into item_info has put the text there before, and sweeps what nobody says.
INSERT INTO item_texts (item, title, tags, title_words, tag_words, sources)
SELECT item, title, tags, nullif(apart(title), title), nullif(apart(tags), tags), count(*)
FROM item_info GROUP BY item, title, tags ORDER BY min(info);

-- What all sources call an item lies together: a search reads hundreds of rows.
ALTER TABLE item_info RENAME TO item_info_scattered;
DROP INDEX item_info_by_bundle;
CREATE TABLE item_info (
    item   TEXT NOT NULL,
    source BLOB NOT NULL,                       -- author key; empty for our own knowledge
    title  TEXT NOT NULL,
    tags   TEXT NOT NULL,
    seq    INTEGER NOT NULL,                    -- of the bundle that states it; 0 for our own
    device BLOB NOT NULL,                       -- the same; of a source the highest of both stands
    PRIMARY KEY (item, source)
) STRICT, WITHOUT ROWID;
INSERT INTO item_info
SELECT item, source, title, tags, seq, device FROM item_info_scattered ORDER BY item, source;
DROP TABLE item_info_scattered;
CREATE INDEX item_info_by_bundle ON item_info (source, device, seq);

CREATE TRIGGER item_info_added AFTER INSERT ON item_info BEGIN
    UPDATE item_texts SET sources = sources + 1
    WHERE (item, title, tags) = (new.item, new.title, new.tags);
END;

CREATE TRIGGER item_info_removed AFTER DELETE ON item_info BEGIN
    UPDATE item_texts SET sources = sources - 1
    WHERE (item, title, tags) = (old.item, old.title, old.tags);
    DELETE FROM item_texts
    WHERE (item, title, tags) = (old.item, old.title, old.tags) AND sources = 0;
END;

CREATE TRIGGER item_info_changed AFTER UPDATE ON item_info
WHEN (old.title, old.tags) IS NOT (new.title, new.tags) BEGIN
    UPDATE item_texts SET sources = sources + 1
    WHERE (item, title, tags) = (new.item, new.title, new.tags);
    UPDATE item_texts SET sources = sources - 1
    WHERE (item, title, tags) = (old.item, old.title, old.tags);
END;
"""

STEPS: Mapping[int, str] = {1: _CHANGES, 2: _SHOWN, 3: _TEXTS}
"""SQL that leads from schema `n` to `n + 1`, by `n`. A step is never edited once released."""


def schema_version(steps: Mapping[int, str] = STEPS) -> int:
    """The schema that this program writes: the first one and a step for each since."""
    return 1 + len(steps)


def create_schema(connection: apsw.Connection, steps: Mapping[int, str] = STEPS) -> None:
    """Lay out an empty file as this program knows it; whole only when this returns."""
    sql = resources.files("node.store").joinpath("schema.sql").read_text("utf-8")
    with connection:
        connection.execute(sql)
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", 1)
    run_steps(connection, steps)


def migrate(connection: apsw.Connection, path: Path, steps: Mapping[int, str] = STEPS) -> None:
    """Bring the store up to date; nothing happens when it is.

    Raises `StoreDamaged` for a file that is not ours and `SchemaTooNew`; both leave it untouched.
    Before the first step the old store is copied to `<name>.v<old>.backup` (0600).
    """
    if connection.pragma("application_id") != APPLICATION_ID:
        raise StoreDamaged(path, "it was not written by Grapevine")
    found: int = connection.pragma("user_version")
    wanted = schema_version(steps)
    if found > wanted:
        raise SchemaTooNew(path, found, wanted)
    if found == wanted:
        return
    copy_database(connection, path.with_name(f"{path.name}.v{found}.backup"))
    run_steps(connection, steps)


def run_steps(connection: apsw.Connection, steps: Mapping[int, str] = STEPS) -> None:
    """Run the missing steps in one transaction; the caller has made sure there is a way back."""
    connection.create_scalar_function("apart", _apart, 1, deterministic=True)
    with connection:
        for version in range(connection.pragma("user_version"), schema_version(steps)):
            connection.execute(steps[version])
            connection.pragma("user_version", version + 1)


def _apart(*texts: Any) -> str:
    return apart(texts[0])


def copy_database(
    source: apsw.Connection,
    destination: Path,
    amend: Callable[[apsw.Connection], None] | None = None,
) -> None:
    """Copy the whole store, as of now, into one durable file with mode 0600.

    Uses SQLite's online backup. `amend` may change the copy before it takes its name, which it
    does atomically, replacing what was there. Cost: one pass over the file and two fsyncs.
    """
    partial = destination.with_name(f".{destination.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    try:
        copy = apsw.Connection(str(partial))
        try:
            with copy.backup("main", source, "main") as backup:
                while not backup.done:
                    backup.step(-1)
            copy.pragma("journal_mode", "delete")  # one file, without companions
            copy.pragma("secure_delete", True)  # what `amend` removes is gone from the file
            if amend is not None:
                amend(copy)
        finally:
            copy.close()
        sync_file(partial)
        partial.replace(destination)
    finally:
        for leftover in (partial, partial.with_name(f"{partial.name}-journal")):
            leftover.unlink(missing_ok=True)
    sync_directory(destination.parent)
