-- The database of chatservice. PRAGMA user_version is the newest version that a file has; opening
-- it runs the missing ones, each in one transaction.

-- version 1

-- Ids are microseconds since the epoch. No id above the ceiling was ever given out.
CREATE TABLE ids (ceiling INTEGER NOT NULL);
INSERT INTO ids VALUES (0);

-- Lines and topics of rooms. kind: said, acted, topic.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    room TEXT NOT NULL,
    nick TEXT NOT NULL,
    text TEXT NOT NULL,
    ref TEXT NOT NULL
);
CREATE INDEX events_by_room ON events (room, id);

-- Private lines. The identities are hashes of the two tokens.
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

-- The current topic of each room.
CREATE TABLE topics (
    room TEXT PRIMARY KEY,
    id INTEGER NOT NULL,
    nick TEXT NOT NULL,
    text TEXT NOT NULL
) WITHOUT ROWID;

-- version 2

-- The lasting identity of the author, if known.
ALTER TABLE events ADD COLUMN author BLOB NOT NULL DEFAULT x'';
ALTER TABLE topics ADD COLUMN author BLOB NOT NULL DEFAULT x'';

-- Registered nicknames. key: equal for all nicknames that look alike. hash: of the password
-- (Argon2), empty if another checker knows it. The other columns are JSON: an object of
-- preferences, an object of ignored nicknames by key, and arrays of addresses that proved the name,
-- newest last, and of the hashes (hexadecimal) of tokens that prove it.
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

-- Read markers: the rooms that somebody did not leave on purpose, and "" for the chat itself.
-- entered: the id of the Joined. seen: the last id seen there; NULL while present.
CREATE TABLE places (
    identity BLOB NOT NULL,
    room TEXT NOT NULL,
    nick TEXT NOT NULL,
    entered INTEGER NOT NULL,
    seen INTEGER,
    PRIMARY KEY (identity, room)
) WITHOUT ROWID;

-- The acts of operators; see protocol/actions.py. All of moderation is computed from them.
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

-- For each room with deleted lines, the highest id among them.
CREATE TABLE pruned (room TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;

-- The words of events, up to the id in "indexed". erased: how many of the indexed lines were erased
-- since the index was last tidied, plus 2**40 if it must be tidied at once.
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = 'events', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE indexed (id INTEGER NOT NULL, erased INTEGER NOT NULL);
INSERT INTO indexed VALUES (0, 0);

-- version 3

-- The time, in microseconds since the epoch, if the id does not tell it: ids never fall, but the
-- clock was set back. For a place: the time of leaving.
ALTER TABLE events ADD COLUMN time INTEGER;
ALTER TABLE whispers ADD COLUMN time INTEGER;
ALTER TABLE acts ADD COLUMN time INTEGER;
ALTER TABLE places ADD COLUMN time INTEGER;
CREATE INDEX events_timed ON events (room, id) WHERE time IS NOT NULL;
CREATE INDEX events_by_time ON events (time) WHERE time IS NOT NULL;
CREATE INDEX whispers_by_time ON whispers (time) WHERE time IS NOT NULL;

-- Recent requests with a "ref", so that a repeated request is recognized; see chat/refs.py. A row
-- outlives the line itself. mark: a hash of the request.
CREATE TABLE refs (
    identity BLOB NOT NULL,
    id INTEGER NOT NULL,
    mark BLOB NOT NULL,
    nick TEXT NOT NULL,
    time INTEGER,
    PRIMARY KEY (identity, id)
) WITHOUT ROWID;

-- Lines are found by author, for /export and /forget.
CREATE INDEX events_by_author ON events (author, id);

-- Hashes of tokens that once proved an account and no longer do: nobody can use them again.
CREATE TABLE spent (digest BLOB PRIMARY KEY) WITHOUT ROWID;

-- Identities whose rows are being moved to another identity.
CREATE TABLE moving (former BLOB PRIMARY KEY, now BLOB NOT NULL) WITHOUT ROWID;

-- The identity of an account was the hash of the token with which it was registered. It gets an
-- identity that no token hashes to; the rows are moved when the file is opened (identities.py).
INSERT INTO spent SELECT identity FROM accounts;
INSERT INTO moving SELECT identity, randomblob(16) FROM accounts;
UPDATE accounts SET identity = (SELECT now FROM moving WHERE former = identity);

-- The index is merged a little at a time (indexing.py), not by storing.
INSERT INTO words (words, rank) VALUES ('automerge', 0);
INSERT INTO words (words, rank) VALUES ('crisismerge', 64);

-- version 4

-- The index has tokens (protocol/tokenizer.py), pairs of characters for unspaced scripts, and none
-- of the lines themselves. rules: those that made the index; empty: none yet. It is filled in the
-- background.
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5 (text, content = '', columnsize = 0, tokenize = 'ascii');
INSERT INTO words (words, rank) VALUES ('automerge', 0);
INSERT INTO words (words, rank) VALUES ('crisismerge', 64);
ALTER TABLE indexed ADD COLUMN rules TEXT NOT NULL DEFAULT '';
UPDATE indexed SET id = 0, erased = 0;

-- version 5

-- For somebody who is present: the id up to which a program said that a place is read; NULL if
-- none did, so that everything counts as read.
ALTER TABLE places ADD COLUMN read INTEGER;

-- version 6

-- events.kind may be "noticed" as well.

-- How a private line was said: said, acted or noticed.
ALTER TABLE whispers ADD COLUMN manner TEXT NOT NULL DEFAULT 'said';

-- Up to which id somebody has read the private lines with another person, who had that nickname.
CREATE TABLE marks (
    identity BLOB NOT NULL,
    other BLOB NOT NULL,
    nick TEXT NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (identity, other)
) WITHOUT ROWID;
CREATE INDEX marks_of ON marks (other);

-- Private lines are found by both people, and the people with whom somebody has any.
CREATE INDEX whispers_to ON whispers (author_identity, recipient_identity, id);
CREATE INDEX whispers_from ON whispers (recipient_identity, author_identity, id);

-- The key with which the hosts are made that people are shown to be at (people/hosts.py).
CREATE TABLE secret (host_key BLOB NOT NULL);
INSERT INTO secret VALUES (randomblob(32));
