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
