-- The database of a cluster of nodes. A section for each version; the newest that the database has
-- stands in the table "chatservice". A node that starts runs the missing ones, all in one
-- transaction (schema.py). Nodes of the version before go on meanwhile, so a section takes nothing
-- away that they use. What columns mean that are in storage/schema.sql as well is told there.

-- version 1

-- Marks the schema as ours.
CREATE TABLE chatservice (version integer NOT NULL);
INSERT INTO chatservice VALUES (0);

-- The archive.

CREATE TABLE events (
    id bigint PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    room text COLLATE "C" NOT NULL,
    nick text COLLATE "C" NOT NULL,
    text text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,
    author bytea NOT NULL DEFAULT '',
    time bigint
);
CREATE INDEX events_by_room ON events (room, id);
CREATE INDEX events_by_author ON events (author, id);
CREATE INDEX events_timed ON events (room, id) WHERE time IS NOT NULL;
CREATE INDEX events_by_time ON events (time) WHERE time IS NOT NULL;

CREATE TABLE whispers (
    id bigint PRIMARY KEY,
    nick text COLLATE "C" NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    author_identity bytea NOT NULL,
    recipient_identity bytea NOT NULL,
    text text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,
    time bigint,
    manner text COLLATE "C" NOT NULL DEFAULT 'said'
);
CREATE INDEX whispers_by_author ON whispers (author_identity, id);
CREATE INDEX whispers_by_recipient ON whispers (recipient_identity, id);
CREATE INDEX whispers_to ON whispers (author_identity, recipient_identity, id);
CREATE INDEX whispers_from ON whispers (recipient_identity, author_identity, id);
CREATE INDEX whispers_by_time ON whispers (time) WHERE time IS NOT NULL;

CREATE TABLE topics (
    room text COLLATE "C" PRIMARY KEY,
    id bigint NOT NULL,
    nick text COLLATE "C" NOT NULL,
    text text COLLATE "C" NOT NULL,
    author bytea NOT NULL DEFAULT ''
);

CREATE TABLE acts (
    id bigint PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    room text COLLATE "C" NOT NULL,
    nick text COLLATE "C" NOT NULL,
    author bytea NOT NULL,
    target text COLLATE "C" NOT NULL,
    target_identity bytea NOT NULL,
    network text COLLATE "C" NOT NULL,
    until bigint NOT NULL,
    text text COLLATE "C" NOT NULL,
    time bigint
);

-- These change often, and in no indexed column: with room left in a page, no index is touched.
CREATE TABLE places (
    identity bytea NOT NULL,
    room text COLLATE "C" NOT NULL,
    nick text COLLATE "C" NOT NULL,
    entered bigint NOT NULL,
    seen bigint,
    time bigint,
    read bigint,
    PRIMARY KEY (identity, room)
) WITH (fillfactor = 70);

CREATE TABLE marks (
    identity bytea NOT NULL,
    other bytea NOT NULL,
    nick text COLLATE "C" NOT NULL,
    id bigint NOT NULL,
    PRIMARY KEY (identity, other)
) WITH (fillfactor = 70);
CREATE INDEX marks_of ON marks (other);

CREATE TABLE refs (
    identity bytea NOT NULL,
    id bigint NOT NULL,
    mark bytea NOT NULL,
    nick text COLLATE "C" NOT NULL,
    time bigint,
    PRIMARY KEY (identity, id)
);

CREATE TABLE pruned (room text COLLATE "C" PRIMARY KEY, id bigint NOT NULL);

-- The tokens of lines (protocol/tokenizer.py), up to the id in "indexed". Changes go into the index
-- at once, for they come a few hundred at a time, and a search would have to read what waits.
CREATE TABLE words (id bigint PRIMARY KEY, tokens tsvector NOT NULL);
CREATE INDEX words_of ON words USING gin (tokens) WITH (fastupdate = off);
CREATE TABLE indexed (
    id bigint NOT NULL,
    erased bigint NOT NULL,
    rules text COLLATE "C" NOT NULL DEFAULT ''
);
INSERT INTO indexed VALUES (0, 0);

-- The accounts.

CREATE TABLE accounts (
    key text COLLATE "C" PRIMARY KEY,
    nick text COLLATE "C" NOT NULL,
    identity bytea NOT NULL UNIQUE,
    hash text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    preferences text COLLATE "C" NOT NULL,
    ignored text COLLATE "C" NOT NULL,
    proven_from text COLLATE "C" NOT NULL,
    tokens text COLLATE "C" NOT NULL
);

CREATE TABLE spent (digest bytea PRIMARY KEY);

CREATE TABLE moving (former bytea PRIMARY KEY, now bytea NOT NULL);

CREATE TABLE secret (host_key bytea NOT NULL);
-- There are no random bytes without an extension, but there are random UUIDs, of 122 bits.
INSERT INTO secret SELECT sha256(decode(string_agg(replace(id::text, '-', ''), ''), 'hex'))
FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 3)) AS random;

-- Adds an account. Of several nodes that add the same one, one succeeds; the others get the
-- nickname of the account in the way, and whether it is the person who has it ("person"), or
-- whether it has the nickname ("nickname"). Doing it again changes nothing.
CREATE FUNCTION account_added(
    its_key text, its_nick text, its_identity bytea, its_hash text, its_since bigint,
    its_preferences text, its_ignored text, its_proven_from text, its_tokens text,
    its_former bytea, OUT conflict text, OUT holder text
) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts (
        key, nick, identity, hash, since, preferences, ignored, proven_from, tokens
    ) VALUES (
        its_key, its_nick, its_identity, its_hash, its_since, its_preferences, its_ignored,
        its_proven_from, its_tokens
    ) ON CONFLICT DO NOTHING;
    SELECT 'nickname', nick INTO conflict, holder FROM accounts
    WHERE (key = its_key) <> (identity = its_identity);
    IF FOUND THEN
        RETURN;
    END IF;
    IF its_former IS NOT NULL THEN
        INSERT INTO moving VALUES (its_former, its_identity) ON CONFLICT DO NOTHING;
        SELECT 'person', accounts.nick INTO conflict, holder
        FROM moving JOIN accounts ON accounts.identity = moving.now
        WHERE moving.former = its_former AND moving.now <> its_identity;
        IF FOUND THEN
            DELETE FROM accounts WHERE key = its_key;
            RETURN;
        END IF;
        UPDATE moving SET now = its_identity WHERE former = its_former;
    END IF;
    PERFORM chat_account_changed(its_key);
END $$;

-- Joins the tokens that two nodes know of one account, newest last, without those that are spent.
CREATE FUNCTION chat_tokens(ours text, theirs text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(json_agg(token ORDER BY place), '[]')::text FROM (
        SELECT token, max(place) AS place FROM (
            SELECT value AS token, ordinality AS place
            FROM json_array_elements_text(ours::json) WITH ORDINALITY
            UNION ALL SELECT value, 100 + ordinality
            FROM json_array_elements_text(theirs::json) WITH ORDINALITY
        ) AS both_lists
        WHERE NOT EXISTS (SELECT FROM spent WHERE digest = decode(token, 'hex'))
        GROUP BY token ORDER BY place DESC LIMIT 10
    ) AS kept
$$;

-- Stores an account as it is now, if it is still there, and tokens that no longer prove it. A
-- password that was changed at another node meanwhile is kept, as are the tokens since then:
-- its_known_hash is what this node takes for the stored one.
CREATE FUNCTION account_saved(
    its_key text, its_identity bytea, its_hash text, its_preferences text, its_ignored text,
    its_proven_from text, its_tokens text, its_spent bytea[], its_known_hash text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Whatever another node spends meanwhile is known before the account is changed.
    PERFORM FROM accounts WHERE key = its_key FOR UPDATE;
    INSERT INTO spent SELECT unnest(its_spent) ON CONFLICT DO NOTHING;
    UPDATE accounts SET preferences = its_preferences, ignored = its_ignored,
        proven_from = its_proven_from,
        hash = CASE its_hash WHEN its_known_hash THEN hash ELSE its_hash END,
        tokens = CASE
            WHEN hash = its_hash THEN chat_tokens(tokens, its_tokens)
            WHEN its_hash = its_known_hash THEN tokens
            ELSE its_tokens
        END
    WHERE key = its_key AND identity = its_identity;
    PERFORM chat_account_changed(its_key);
END $$;

-- Removes an account; its lines become another identity's, if there is one.
CREATE FUNCTION account_removed(
    its_key text, its_identity bytea, its_spent bytea[], its_next bytea
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM accounts WHERE key = its_key AND identity = its_identity;
    IF its_next IS NOT NULL THEN
        INSERT INTO moving VALUES (its_identity, its_next)
        ON CONFLICT (former) DO UPDATE SET now = excluded.now;
    END IF;
    INSERT INTO spent SELECT unnest(its_spent) ON CONFLICT DO NOTHING;
    PERFORM chat_account_changed(its_key);
END $$;

-- Attempts that are limited (people/ratelimit.py). times: the last ones that count, the oldest
-- first. until: when none of them counts any more. Nothing is lost with them, so they are not
-- logged, and wait for no disk and no standby.
CREATE UNLOGGED TABLE tries (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    times timestamptz[] NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX tries_over ON tries (until);

-- Counts an attempt for each of the keys, unless it is one too many for any of them: then it gives
-- the seconds until it may be made, otherwise 0.
CREATE FUNCTION attempt(its_kind text, keys text[], most bigint, within interval)
RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz;
    wait interval;
BEGIN
    -- Locks the rows in one order, so that two attempts cannot wait for each other.
    INSERT INTO tries SELECT its_kind, one, '{}', clock_timestamp()
    FROM unnest(keys) AS one ORDER BY one
    ON CONFLICT (kind, key) DO UPDATE SET kind = excluded.kind;
    at := clock_timestamp();
    -- If the clock was set back, attempts that are still to come do not count.
    SELECT max(times[1] + within - at) INTO wait FROM tries
    WHERE kind = its_kind AND key = ANY(keys) AND cardinality(times) >= most AND times[1] <= at;
    IF wait > interval '0' THEN
        RETURN extract(epoch FROM wait);
    END IF;
    UPDATE tries SET times = (times || at)[(cardinality(times) + 2 - most)::integer:], until = at + within
    WHERE kind = its_kind AND key = ANY(keys);
    DELETE FROM tries WHERE (kind, key) IN (
        SELECT kind, key FROM tries WHERE until < at ORDER BY until LIMIT 20
        FOR UPDATE SKIP LOCKED);
    RETURN 0;
END $$;

-- Takes back the last attempt of each of the keys.
CREATE FUNCTION attempt_taken_back(its_kind text, keys text[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM tries WHERE kind = its_kind AND key = ANY(keys) ORDER BY key FOR UPDATE;
    UPDATE tries SET times = times[:cardinality(times) - 1]
    WHERE kind = its_kind AND key = ANY(keys);
END $$;

-- The log.

-- The rules by which nicknames look alike, in all nodes.
ALTER TABLE chatservice ADD COLUMN names text;

-- The last id.
CREATE TABLE head (last bigint NOT NULL) WITH (fillfactor = 10);
INSERT INTO head VALUES (0);

-- link: nothing that comes through an earlier one counts. number: that of the last batch.
-- cursor: the last id that the node is known to have delivered.
CREATE TABLE nodes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    version text NOT NULL,
    options text NOT NULL,
    link bigint NOT NULL DEFAULT 1,
    number bigint NOT NULL DEFAULT 0,
    renewed timestamptz NOT NULL DEFAULT clock_timestamp(),
    renewals timestamptz[] NOT NULL DEFAULT '{}',
    cursor bigint NOT NULL,
    members bigint NOT NULL DEFAULT 0,
    is_over boolean NOT NULL DEFAULT false
) WITH (fillfactor = 10);

-- Batches of the last minutes; data: a JSON array of events (cluster/spelling.py). refused: the
-- positions of those that were left out. number: 0 if the batch is none of the node's own.
CREATE TABLE log (
    last bigint PRIMARY KEY,
    first bigint NOT NULL,
    node bigint NOT NULL,
    number bigint NOT NULL,
    refused integer[] NOT NULL,
    "time" bigint,
    data text NOT NULL
);
ALTER TABLE log ALTER COLUMN data SET STORAGE EXTERNAL;

-- The people who are in the chat. homes: the nodes that they are connected to, or linger at.
-- former: the identity before the present one. seen, lost_at: for those who linger, the last ids
-- seen, or the one last id seen everywhere.
CREATE TABLE members (
    identity bytea PRIMARY KEY,
    former bytea,
    nick text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL UNIQUE,
    userhost text COLLATE "C" NOT NULL,
    address text COLLATE "C" NOT NULL DEFAULT '',
    real_name text COLLATE "C" NOT NULL,
    away text COLLATE "C",
    since bigint NOT NULL,
    homes bigint[] NOT NULL,
    lingers boolean NOT NULL DEFAULT false,
    seen text,
    lost_at bigint
);
CREATE INDEX members_by_former ON members (former) WHERE former IS NOT NULL;

-- Who is in which room. runs: whether the person was the first one there, or was made an operator
-- by somebody who runs the room while there.
CREATE TABLE here (
    room text COLLATE "C" NOT NULL,
    identity bytea NOT NULL,
    id bigint NOT NULL,
    runs boolean NOT NULL,
    PRIMARY KEY (room, identity)
);
CREATE INDEX here_by_identity ON here (identity);

-- The owners of rooms, by the acts.
CREATE TABLE owners (room text COLLATE "C" PRIMARY KEY, identity bytea NOT NULL);

-- Acts that are in force until nobody is in the room; data: the event, as in the log.
CREATE TABLE passing_acts (
    id bigint PRIMARY KEY,
    room text COLLATE "C" NOT NULL,
    "time" bigint,
    data text NOT NULL
);
CREATE INDEX passing_acts_by_room ON passing_acts (room);

-- Claimed nicknames by key, and identities as @HEX.
CREATE TABLE names (key text COLLATE "C" PRIMARY KEY, node bigint NOT NULL);
CREATE INDEX names_by_node ON names (node);

-- The fields of events on which something depends here, under their names there.
CREATE TYPE chat_event AS (
    kind text, nick text, identity text, account text, userhost text, room text, text text,
    ref text, mark text, "to" text, to_identity text, manner text, target text,
    target_identity text, network text, until bigint, passing boolean, arrives boolean, key text,
    address text, real_name text, away text, why text, noted boolean, rooms json, seen json,
    marks json, upto bigint, former text, now text, with_lines boolean, everywhere boolean,
    renamed boolean
);

-- A request that is repeated at another node is found by its mark.
CREATE INDEX refs_by_mark ON refs (identity, mark);
