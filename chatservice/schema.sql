-- The database of chatservice. PRAGMA user_version says which versions are in it;
-- opening it carries out those that are missing, each in one transaction.

-- version 1

-- Ids are microseconds since the epoch. No id above the ceiling was ever given out.
CREATE TABLE ids (ceiling INTEGER NOT NULL);
INSERT INTO ids VALUES (0);

-- What was said in rooms. kind: said, acted, topic.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    room TEXT NOT NULL,
    nick TEXT NOT NULL,
    text TEXT NOT NULL,
    ref TEXT NOT NULL
);
CREATE INDEX events_by_room ON events (room, id);

-- What was said in private. The identities are hashes of the two tokens.
CREATE TABLE whispers (
    id INTEGER PRIMARY KEY,
    nick TEXT NOT NULL,
    recipient TEXT NOT NULL,
    author_identity BLOB NOT NULL,
    recipient_identity BLOB NOT NULL,
    text TEXT NOT NULL,
    ref TEXT NOT NULL
);
CREATE INDEX whispers_by_author ON whispers (author_identity, id);
CREATE INDEX whispers_by_recipient ON whispers (recipient_identity, id);

-- The topic that each room has now.
CREATE TABLE topics (
    room TEXT PRIMARY KEY,
    id INTEGER NOT NULL,
    nick TEXT NOT NULL,
    text TEXT NOT NULL
) WITHOUT ROWID;

-- version 2

-- Who said it: the lasting identity of the author, where it is known.
ALTER TABLE events ADD COLUMN author BLOB NOT NULL DEFAULT x'';
ALTER TABLE topics ADD COLUMN author BLOB NOT NULL DEFAULT x'';

-- Registered nicknames. key: equal for all nicknames that look like it. hash: of the password
-- (Argon2), empty if another checker knows it. The other columns are JSON: an object of
-- preferences, an object of ignored nicknames by key, and arrays of addresses that proved the
-- name, newest last, and of the hashes (hexadecimal) of tokens that prove it.
CREATE TABLE accounts (
    key TEXT PRIMARY KEY,
    nick TEXT NOT NULL,
    identity BLOB NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    since INTEGER NOT NULL,
    preferences TEXT NOT NULL,
    ignored TEXT NOT NULL,
    proven_from TEXT NOT NULL,
    tokens TEXT NOT NULL
) WITHOUT ROWID;

-- Where somebody was last: the rooms that were not left on purpose, and "" for the chat itself.
-- entered: the id of the Joined. seen: the last id seen there; NULL while present.
CREATE TABLE places (
    identity BLOB NOT NULL,
    room TEXT NOT NULL,
    nick TEXT NOT NULL,
    entered INTEGER NOT NULL,
    seen INTEGER,
    PRIMARY KEY (identity, room)
) WITHOUT ROWID;

-- What operators did; see acts.py. All of moderation is what these come to.
CREATE TABLE acts (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    room TEXT NOT NULL,
    nick TEXT NOT NULL,
    author BLOB NOT NULL,
    target TEXT NOT NULL,
    target_identity BLOB NOT NULL,
    network TEXT NOT NULL,
    until INTEGER NOT NULL,
    text TEXT NOT NULL
);

-- Of each room of which something is over and deleted, the highest such id.
CREATE TABLE pruned (room TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;

-- The words of events, up to the id in "indexed". erased: how many of the lines that it had are
-- erased since it was last tidied up, and 2**40 more if that must be done at once.
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = 'events', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE indexed (id INTEGER NOT NULL, erased INTEGER NOT NULL);
INSERT INTO indexed VALUES (0, 0);

-- version 3

-- When it was, in microseconds since the epoch, where the id does not say so: ids never fall, and
-- the clock was set back. Of a place: when it was left.
ALTER TABLE events ADD COLUMN time INTEGER;
ALTER TABLE whispers ADD COLUMN time INTEGER;
ALTER TABLE acts ADD COLUMN time INTEGER;
ALTER TABLE places ADD COLUMN time INTEGER;
CREATE INDEX events_timed ON events (room, id) WHERE time IS NOT NULL;
CREATE INDEX events_by_time ON events (time) WHERE time IS NOT NULL;
CREATE INDEX whispers_by_time ON whispers (time) WHERE time IS NOT NULL;

-- What people said lately under a "ref", so that a repeated request is known again; see refs.py.
-- It outlives the line itself. mark: a hash of the request.
CREATE TABLE refs (
    identity BLOB NOT NULL,
    id INTEGER NOT NULL,
    mark BLOB NOT NULL,
    nick TEXT NOT NULL,
    time INTEGER,
    PRIMARY KEY (identity, id)
) WITHOUT ROWID;

-- What somebody said is found by who it was, for /export and /forget.
CREATE INDEX events_by_author ON events (author, id);

-- Hashes of tokens that proved an account once, and do no longer: they are nobody's again.
CREATE TABLE spent (digest BLOB PRIMARY KEY) WITHOUT ROWID;

-- Whose rows are being moved from one identity to another.
CREATE TABLE moving (former BLOB PRIMARY KEY, now BLOB NOT NULL) WITHOUT ROWID;

-- An account went by the hash of the token with which it was registered. It gets an identity that
-- no token can stand for; the rows are moved when the file is opened (identities.py).
INSERT INTO spent SELECT identity FROM accounts;
INSERT INTO moving SELECT identity, randomblob(16) FROM accounts;
UPDATE accounts SET identity = (SELECT now FROM moving WHERE former = identity);

-- The index is merged a little at a time (search.py), and not by storing.
INSERT INTO words (words, rank) VALUES ('automerge', 0);
INSERT INTO words (words, rank) VALUES ('crisismerge', 64);

-- version 4

-- The index has tokens (tokenizer.py), of unspaced scripts pairs of characters, and of the lines
-- themselves nothing. rules: those by which it was made; empty: none yet. It is filled in the
-- background.
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5 (text, content = '', columnsize = 0, tokenize = 'ascii');
INSERT INTO words (words, rank) VALUES ('automerge', 0);
INSERT INTO words (words, rank) VALUES ('crisismerge', 64);
ALTER TABLE indexed ADD COLUMN rules TEXT NOT NULL DEFAULT '';
UPDATE indexed SET id = 0, erased = 0;
