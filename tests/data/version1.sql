-- A database as version 1 of the schema made it, with a chat's words in it.

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

PRAGMA application_id = 0x43484154;
PRAGMA user_version = 1;

UPDATE ids SET ceiling = 1763712010000009;
INSERT INTO events VALUES (1763712000000001, 'said', 'lobby', 'ada', 'hello, Grüße', 'r1');
INSERT INTO events VALUES (1763712000000002, 'acted', 'lobby', 'bob', 'waves to ada', '');
INSERT INTO events VALUES (1763712000000003, 'topic', 'python', 'ada', 'snakes', '');
INSERT INTO events VALUES (1763712000000004, 'said', 'python', 'bob', 'hello, snakes', '');
INSERT INTO events VALUES (1763712000000005, 'topic', 'attic', 'bob', 'dust', '');
INSERT INTO events VALUES (1763712000000006, 'topic', 'attic', 'bob', '', '');
INSERT INTO whispers VALUES (1763712000000007, 'ada', 'bob', x'0123456789abcdef0123456789abcdef',
    x'fedcba9876543210fedcba9876543210', 'psst', 'r7');
INSERT INTO whispers VALUES (1763712000000008, 'bob', 'ada', x'fedcba9876543210fedcba9876543210',
    x'0123456789abcdef0123456789abcdef', 'yes?', '');
INSERT INTO topics VALUES ('python', 1763712000000003, 'ada', 'snakes');
