-- Schema of one node's store, version 1. Later versions are forward steps in migrations.py.
-- Blobs of 32 bytes are Ed25519 keys or BLAKE2b-256 ids, of 8 bytes devices. Times are Unix
-- seconds, days are days since 1970-01-01, weights are percent. STRICT and CHECK are the last
-- line against our own bugs; limits that peers meet are enforced in protocol/.

-- ---------------------------------------------------------------- what peers (and we) have said

CREATE TABLE feeds (
    feed       INTEGER PRIMARY KEY,
    author     BLOB    NOT NULL CHECK (length(author) = 32),
    device     BLOB    NOT NULL CHECK (length(device) = 8),
    lane       INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 255),
    lo         INTEGER NOT NULL,                -- lowest seq held, or where it was cut
    hi         INTEGER NOT NULL,                -- highest seq ever held: never goes down
    head       BLOB    NOT NULL CHECK (length(head) = 32),  -- id of the bundle at hi
    floor      INTEGER NOT NULL DEFAULT 0,      -- claims below it are void
    closed     INTEGER NOT NULL DEFAULT 0,      -- cut at lo, by quota or floor
    UNIQUE (author, device, lane)
) STRICT;

-- Small columns first: the claims are read only by who wants them.
CREATE TABLE bundles (
    arrival     INTEGER PRIMARY KEY,            -- first-seen order, over all feeds
    feed        INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    seen        INTEGER NOT NULL,
    claim_count INTEGER NOT NULL,               -- how many claims are held; 0 once void
    prev        BLOB    NOT NULL CHECK (length(prev) = 32),
    signature   BLOB    NOT NULL,
    header      BLOB    NOT NULL,               -- as received; the signed bytes
    claims      BLOB                            -- as received; NULL once void or never sent
) STRICT;

-- One bundle per place in a feed, whatever the caller does; also serves range reads.
CREATE UNIQUE INDEX bundles_by_seq ON bundles (feed, seq);

-- Retracted places, also of bundles not (yet) held; at most 256 a feed, then floor rises.
CREATE TABLE voids (
    feed INTEGER NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (feed, seq)
) STRICT, WITHOUT ROWID;

-- Marks of dropped authors: never accepted at or below hi again, and floor still holds.
CREATE TABLE dropped (
    author BLOB    NOT NULL,
    device BLOB    NOT NULL,
    lane   INTEGER NOT NULL,
    hi     INTEGER NOT NULL,
    floor  INTEGER NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (author, device, lane)
) STRICT, WITHOUT ROWID;

CREATE INDEX dropped_by_age ON dropped (since);  -- the oldest marks go first at the cap

CREATE TABLE equivocations (
    author BLOB    PRIMARY KEY CHECK (length(author) = 32),
    proof  BLOB    NOT NULL,
    seen   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------------------- who lives here

CREATE TABLE persons (
    person           INTEGER PRIMARY KEY,       -- order of arrival; the owner is the lowest
    name             TEXT    NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
    author           BLOB    NOT NULL UNIQUE CHECK (length(author) = 32),
    seed             BLOB    CHECK (seed IS NULL OR length(seed) = 32),  -- NULL: the key file
    device           BLOB    NOT NULL CHECK (length(device) = 8),
    taste            INTEGER NOT NULL DEFAULT 0,
    vouches          INTEGER NOT NULL DEFAULT 0,
    negative_vouches INTEGER NOT NULL DEFAULT 0,
    clicks           INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Private facts; seq is the own bundle that carries the fact, NULL while it is private.
CREATE TABLE facts (
    person INTEGER NOT NULL,
    item   TEXT    NOT NULL,
    kind   TEXT    NOT NULL,
    weight INTEGER NOT NULL CHECK (weight BETWEEN -100 AND 100),
    day    INTEGER NOT NULL,
    title  TEXT    NOT NULL,
    tags   TEXT    NOT NULL,                    -- joined by U+001F
    seq    INTEGER,
    PRIMARY KEY (person, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE vouch_facts (
    person INTEGER NOT NULL,
    target BLOB    NOT NULL CHECK (length(target) = 32),
    weight INTEGER NOT NULL CHECK (weight BETWEEN -100 AND 100),
    seq    INTEGER,
    PRIMARY KEY (person, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE click_facts (
    person   INTEGER NOT NULL,
    terms    TEXT    NOT NULL,                  -- joined by U+001F
    item     TEXT    NOT NULL,
    position INTEGER NOT NULL,
    seq      INTEGER,
    PRIMARY KEY (person, terms, item)
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------------------ what items are called

CREATE TABLE item_info (
    info   INTEGER PRIMARY KEY,
    item   TEXT NOT NULL,
    source BLOB NOT NULL,                       -- author key; empty for our own knowledge
    title  TEXT NOT NULL,
    tags   TEXT NOT NULL,
    seq    INTEGER NOT NULL,                    -- of the bundle that states it; 0 for our own
    device BLOB NOT NULL,                       -- the same; of a source the highest of both stands
    UNIQUE (item, source)
) STRICT;

-- What bundles state goes with them, and with their author.
CREATE INDEX item_info_by_bundle ON item_info (source, device, seq);

-- Words of titles and tags; the text itself stays in item_info.
CREATE VIRTUAL TABLE item_words USING fts5 (
    title, tags, content = 'item_info', content_rowid = 'info',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER item_info_added AFTER INSERT ON item_info BEGIN
    INSERT INTO item_words (rowid, title, tags) VALUES (new.info, new.title, new.tags);
END;

CREATE TRIGGER item_info_removed AFTER DELETE ON item_info BEGIN
    INSERT INTO item_words (item_words, rowid, title, tags)
    VALUES ('delete', old.info, old.title, old.tags);
END;

CREATE TRIGGER item_info_changed AFTER UPDATE ON item_info
WHEN (old.title, old.tags) IS NOT (new.title, new.tags) BEGIN
    INSERT INTO item_words (item_words, rowid, title, tags)
    VALUES ('delete', old.info, old.title, old.tags);
    INSERT INTO item_words (rowid, title, tags) VALUES (new.info, new.title, new.tags);
END;

-- ------------------------------------------------------------------------------ policy and peers

CREATE TABLE blocked_authors (author BLOB PRIMARY KEY CHECK (length(author) = 32))
STRICT, WITHOUT ROWID;

CREATE TABLE blocked_items (item TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE allowed_authors (author BLOB PRIMARY KEY CHECK (length(author) = 32))
STRICT, WITHOUT ROWID;

CREATE TABLE peers (
    address  TEXT    PRIMARY KEY,
    peer_id  TEXT    NOT NULL,
    last_ok  INTEGER NOT NULL,                  -- 0: never answered
    failures INTEGER NOT NULL,                  -- since it last answered
    score    REAL    NOT NULL,
    anchor   INTEGER NOT NULL                   -- dialled first after a restart
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
    peer_id      TEXT PRIMARY KEY,
    points       REAL NOT NULL,
    updated      REAL NOT NULL,
    banned_until REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
