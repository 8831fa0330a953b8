-- What a node asks of the engine: each call is one transaction (chatservice/cluster/postgres.py).
-- These are replaced whenever the schema is upgraded; nodes of the version before go on using them.
--
-- The advisory lock that every append takes is held until its commit is visible, so ids become
-- visible in their order: a reader that has seen an id has seen all smaller ones.

-- Functions in SQL are parsed anew in every statement that calls them, unless they can be inlined: all
-- others that a line passes through are in PL/pgSQL.

CREATE OR REPLACE FUNCTION chat_lock() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(current_schema()::regnamespace::oid::bigint * 256);
END $$;

CREATE OR REPLACE FUNCTION chat_bytes(spelled text) RETURNS bytea LANGUAGE sql IMMUTABLE AS
    $$ SELECT decode(coalesce(spelled, ''), 'hex') $$;

-- Tells whether an event is talk, by its kind: see chat_talk.
CREATE OR REPLACE FUNCTION chat_is_talk(kind text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    $$ SELECT kind IN ('said', 'acted', 'noticed', 'whispered', 'topic_changed') $$;

-- Appends a batch of a node, if the node still has its place and its link.
CREATE OR REPLACE FUNCTION chat_append(
    p_node bigint, p_link bigint, p_number bigint, p_cursor bigint, p_batch text
) RETURNS SETOF log LANGUAGE plpgsql AS $$
DECLARE
    -- All others wait for the lock: what can be done before it is taken is done here.
    v_batch jsonb := p_batch::jsonb;
BEGIN
    PERFORM chat_lock();
    UPDATE nodes SET number = p_number, renewed = clock_timestamp(), cursor = p_cursor
    WHERE id = p_node AND link = p_link AND number = p_number - 1 AND NOT is_over;
    IF FOUND THEN
        PERFORM chat_put(p_node, p_number, p_batch, v_batch);
        RETURN QUERY SELECT * FROM chat_read(p_node, p_cursor);
    END IF;
END $$;

-- Reads what came after an id. A node has its own batches already.
CREATE OR REPLACE FUNCTION chat_read(p_node bigint, p_cursor bigint) RETURNS SETOF log LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT l.last, l.first, l.node, l.number, l.refused, l."time",
        CASE WHEN l.node = p_node AND l.number > 0 THEN NULL ELSE l.data END
    FROM log l WHERE l.last > p_cursor ORDER BY l.last LIMIT 64;
END $$;

-- Gives the events of a batch their ids, and stores what they mean; the lock is held.
CREATE OR REPLACE FUNCTION chat_put(p_node bigint, p_number bigint, p_data text, p_batch jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_now bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    v_count integer := jsonb_array_length(p_batch);
    v_last bigint;
    v_first bigint;
    v_time bigint;
    v_talk integer;
    v_was_here bytea[] := '{}';
    v_refused integer[] := '{}';
BEGIN
    IF v_count = 0 THEN
        RETURN;
    END IF;
    UPDATE head SET last = greatest(last + v_count, v_now + v_count - 1) RETURNING last INTO v_last;
    v_first := v_last - v_count + 1;
    IF v_last - v_now > 1000000 + v_count THEN
        v_time := v_now;
    END IF;
    SELECT count(*) INTO v_talk FROM jsonb_to_recordset(p_batch) AS r (kind text)
    WHERE chat_is_talk(kind);
    IF v_talk < v_count THEN
        SELECT * INTO v_refused, v_was_here FROM chat_do_all(p_node, v_first, v_time, p_batch);
    END IF;
    IF v_talk > 0 THEN
        v_refused := v_refused
            || chat_talk(p_node, v_first, v_time, p_batch, v_talk, v_was_here);
    END IF;
    INSERT INTO log VALUES (v_last, v_first, p_node, p_number, v_refused, v_time, p_data);
    PERFORM pg_notify('chat', v_last::text);
END $$;

-- Stores the events in a batch that are not talk. Returns the positions of what is left out, and the
-- identities, former ones included, of people who were at the node and went from it.
CREATE OR REPLACE FUNCTION chat_do_all(
    p_node bigint, p_first bigint, p_time bigint, p_batch jsonb,
    OUT v_refused integer[], OUT v_was_here bytea[]
) LANGUAGE plpgsql AS $$
DECLARE
    v_leaving bytea[];
    v_event chat_event;
    e record;
BEGIN
    v_refused := '{}';
    v_was_here := '{}';
    FOR e IN
        SELECT ordinality::integer - 1 AS pos, data
        FROM jsonb_array_elements(p_batch) WITH ORDINALITY AS b (data, ordinality)
        WHERE NOT chat_is_talk(data ->> 'kind')
        ORDER BY ordinality
    LOOP
        v_event := jsonb_populate_record(NULL::chat_event, e.data);
        IF v_event.kind IN ('left', 'lost') THEN
            v_leaving := ARRAY(
                SELECT unnest(ARRAY[identity, coalesce(former, identity)]) FROM members
                WHERE chat_bytes(v_event.identity) IN (identity, former));
        END IF;
        IF NOT chat_do(p_node, p_first + e.pos, p_time, v_event, e.data) THEN
            v_refused := v_refused || e.pos;
        ELSIF v_event.kind IN ('left', 'lost') THEN
            v_was_here := v_was_here || v_leaving;
        END IF;
    END LOOP;
END $$;

-- Stores the talk in a batch. Returns the positions of what is left out, because its author is not
-- at the node and did not go from it in this batch either, or because it was said before.
CREATE OR REPLACE FUNCTION chat_talk(
    p_node bigint, p_first bigint, p_time bigint, p_batch jsonb, p_talk integer,
    p_was_here bytea[]
) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
    v_stored bigint[];
    v_topics integer;
BEGIN
    WITH talk AS MATERIALIZED (
        SELECT r.*, chat_bytes(r.identity) AS author, p_first + r.place - 1 AS id
        FROM ROWS FROM (jsonb_to_recordset(p_batch) AS (
            kind text, room text, nick text, text text, ref text, identity text, mark text,
            "to" text, to_identity text, manner text
        )) WITH ORDINALITY AS r (
            kind, room, nick, text, ref, identity, mark, "to", to_identity, manner, place)
        WHERE chat_is_talk(r.kind) AND (
            EXISTS (
                SELECT FROM members m
                WHERE m.identity = chat_bytes(r.identity) AND p_node = ANY (m.homes)
            )
            OR chat_bytes(r.identity) = ANY (p_was_here)
            OR EXISTS (
                SELECT FROM members m
                WHERE m.former = chat_bytes(r.identity) AND p_node = ANY (m.homes)
            )
        ) AND (
            r.mark IS NULL OR NOT EXISTS (
                SELECT FROM refs f
                WHERE f.identity = chat_bytes(r.identity) AND f.mark = chat_bytes(r.mark)
            )
        )
    ), lines AS (
        INSERT INTO events (id, kind, room, nick, text, ref, author, "time")
        SELECT id, CASE kind WHEN 'topic_changed' THEN 'topic' ELSE kind END, room, nick, text,
            coalesce(ref, ''), author, p_time
        FROM talk WHERE kind <> 'whispered'
    ), private_lines AS (
        INSERT INTO whispers (
            id, nick, recipient, author_identity, recipient_identity, text, manner, ref, "time")
        SELECT id, nick, "to", author, chat_bytes(to_identity), text, coalesce(manner, 'said'),
            coalesce(ref, ''), p_time
        FROM talk WHERE kind = 'whispered'
    ), requests AS (
        INSERT INTO refs (identity, id, mark, nick, "time")
        SELECT author, id, chat_bytes(mark), nick, p_time FROM talk WHERE mark IS NOT NULL
    )
    SELECT array_agg(place), count(*) FILTER (WHERE kind = 'topic_changed')
    INTO v_stored, v_topics FROM talk;
    IF v_topics > 0 THEN
        PERFORM chat_change_topics(p_first, p_first + jsonb_array_length(p_batch) - 1);
    END IF;
    IF cardinality(v_stored) = p_talk THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT place::integer - 1
        FROM ROWS FROM (jsonb_to_recordset(p_batch) AS (kind text))
            WITH ORDINALITY AS r (kind, place)
        WHERE chat_is_talk(kind) AND place <> ALL (coalesce(v_stored, '{}'))
    );
END $$;

-- Stores the topics that a batch has changed, given its first and its last id.
CREATE OR REPLACE FUNCTION chat_change_topics(p_first bigint, p_last bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    e events;
BEGIN
    FOR e IN
        SELECT * FROM events WHERE id BETWEEN p_first AND p_last AND kind = 'topic' ORDER BY id
    LOOP
        IF e.text = '' THEN
            DELETE FROM topics WHERE room = e.room;
        ELSE
            INSERT INTO topics (room, id, nick, text, author)
            VALUES (e.room, e.id, e.nick, e.text, e.author)
            ON CONFLICT (room) DO UPDATE SET id = excluded.id, nick = excluded.nick,
                text = excluded.text, author = excluded.author;
        END IF;
    END LOOP;
END $$;

-- Stores any other event; returns whether its author may have done it at that node.
CREATE OR REPLACE FUNCTION chat_do(
    p_node bigint, p_id bigint, p_time bigint, e chat_event, p_data jsonb
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_who bytea := chat_bytes(e.identity);
    m members;
BEGIN
    CASE e.kind
        WHEN 'housed' THEN
            RETURN chat_house(p_node, p_id, v_who, e);
        WHEN 'identified' THEN
            IF e.with_lines THEN
                UPDATE owners SET identity = v_who WHERE identity = chat_bytes(e.former);
                UPDATE passing_acts SET data = replace(data, e.former, e.identity);
            END IF;
            UPDATE members SET identity = v_who, former = chat_bytes(e.former)
            WHERE identity = chat_bytes(e.former) AND (e.with_lines OR p_node = ANY (homes))
                AND NOT EXISTS (SELECT FROM members WHERE identity = v_who);
            IF NOT FOUND THEN
                RETURN e.with_lines IS TRUE;
            END IF;
            UPDATE members SET former = NULL WHERE former = v_who;
            UPDATE here SET identity = v_who WHERE identity = chat_bytes(e.former);
            RETURN true;
        WHEN 'extended' THEN
            PERFORM chat_act(p_id, p_time, v_who, e, p_data);
            RETURN true;
        WHEN 'came_and_went', 'adopted', 'account_changed', 'nick_asked', 'erased' THEN
            RETURN true;
        ELSE
            SELECT * INTO m FROM members WHERE identity = v_who;
            IF NOT FOUND THEN
                SELECT * INTO m FROM members WHERE former = v_who;
            END IF;
            IF m.identity IS NULL OR NOT p_node = ANY (m.homes) THEN
                RETURN false;
            END IF;
    END CASE;
    CASE e.kind
        WHEN 'left' THEN
            IF cardinality(m.homes) > 1 AND e.everywhere IS NOT TRUE THEN
                RETURN false;
            END IF;
            DELETE FROM members WHERE identity = m.identity;
            DELETE FROM names WHERE key = m.key;
            PERFORM chat_leave_rooms(m.identity, NULL);
            PERFORM chat_note_left(p_id, p_time, v_who, e);
        WHEN 'lost' THEN
            UPDATE members SET
                homes = CASE homes WHEN ARRAY[p_node] THEN homes
                    ELSE array_remove(homes, p_node) END,
                lingers = homes = ARRAY[p_node],
                seen = CASE homes WHEN ARRAY[p_node] THEN e.seen::text END, lost_at = NULL
            WHERE identity = m.identity;
        WHEN 'joined' THEN
            PERFORM chat_join_room(p_id, m.identity, v_who, e);
        WHEN 'parted' THEN
            PERFORM chat_leave_rooms(m.identity, e.room);
            DELETE FROM places WHERE identity = v_who AND room = e.room;
        WHEN 'renamed' THEN
            IF EXISTS (SELECT FROM members WHERE key = e.key AND identity <> m.identity) THEN
                RETURN false;
            END IF;
            DELETE FROM names WHERE key = m.key AND m.key <> e.key;
            UPDATE members SET nick = e.now, key = e.key WHERE identity = m.identity;
            UPDATE places SET nick = e.now WHERE identity = v_who;
        WHEN 'introduced' THEN
            UPDATE members SET real_name = coalesce(e.real_name, '')
            WHERE identity = m.identity AND e.renamed;
        WHEN 'went_away' THEN
            UPDATE members SET away = e.why WHERE identity = m.identity;
        WHEN 'came_back' THEN
            UPDATE members SET away = NULL WHERE identity = m.identity;
        WHEN 'read' THEN
            IF coalesce(e.to_identity, '') = '' THEN
                UPDATE places SET read = e.upto
                WHERE identity = v_who AND room = e.room AND seen IS NULL;
                IF coalesce(e.account, '') <> '' THEN
                    PERFORM chat_mark(v_who, e.room, coalesce(e.mark, '0')::bigint);
                END IF;
            END IF;
        WHEN 'resumed', 'signalled' THEN
            NULL;
        ELSE
            PERFORM chat_act(p_id, p_time, v_who, e, p_data);
    END CASE;
    RETURN true;
END $$;

-- Has somebody be connected to a node. Returns whether that may be: not for somebody who has left,
-- or who arrives and is here already.
CREATE OR REPLACE FUNCTION chat_house(p_node bigint, p_id bigint, p_who bytea, e chat_event)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_is_in boolean;
BEGIN
    IF e.arrives THEN
        INSERT INTO members
            (identity, nick, key, userhost, address, real_name, away, since, homes)
        VALUES (p_who, e.nick, e.key, coalesce(e.userhost, ''), coalesce(e.address, ''),
            coalesce(e.real_name, ''), e.away, p_id, ARRAY[p_node])
        ON CONFLICT DO NOTHING;
        v_is_in := FOUND;
        UPDATE members SET former = NULL WHERE former = p_who AND v_is_in;
    ELSE
        UPDATE members SET lingers = false, seen = NULL, lost_at = NULL,
            address = coalesce(e.address, ''),
            homes = CASE
                WHEN lingers THEN ARRAY[p_node]
                WHEN p_node = ANY (homes) THEN homes
                ELSE homes || p_node
            END
        WHERE identity = p_who;
        v_is_in := FOUND;
    END IF;
    RETURN v_is_in;
END $$;

-- Puts somebody in a room, and notes in the archive that the person was there.
CREATE OR REPLACE FUNCTION chat_join_room(p_id bigint, p_member bytea, p_who bytea, e chat_event)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO here (room, identity, id, runs)
    VALUES (e.room, p_member, p_id, e.room <> 'lobby'
        AND NOT EXISTS (SELECT FROM here WHERE room = e.room)
        AND NOT EXISTS (SELECT FROM owners WHERE room = e.room))
    ON CONFLICT DO NOTHING;
    INSERT INTO places (identity, room, nick, entered) VALUES (p_who, e.room, e.nick, p_id)
    ON CONFLICT (identity, room) DO UPDATE SET nick = excluded.nick, entered = excluded.entered,
        seen = NULL, "time" = NULL, read = NULL;
    INSERT INTO places (identity, room, nick, entered) VALUES (p_who, '', e.nick, p_id)
    ON CONFLICT (identity, room) DO UPDATE SET nick = excluded.nick, seen = NULL, "time" = NULL,
        read = NULL;
END $$;

-- Takes somebody out of a room, or of all of them.
CREATE OR REPLACE FUNCTION chat_leave_rooms(p_member bytea, p_room text) RETURNS void LANGUAGE sql AS $$
    WITH left_rooms AS (
        DELETE FROM here WHERE identity = p_member AND (p_room IS NULL OR room = p_room)
        RETURNING room
    )
    DELETE FROM passing_acts WHERE room IN (
        SELECT room FROM left_rooms
        WHERE NOT EXISTS (
            SELECT FROM here
            WHERE here.room = left_rooms.room AND here.identity <> p_member
        )
    )
$$;

-- Stores where somebody who has left was, and what was seen there; see storage/rows.py.
CREATE OR REPLACE FUNCTION chat_note_left(p_id bigint, p_time bigint, p_who bytea, e chat_event)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_seen jsonb := coalesce((
        SELECT jsonb_object_agg(pair ->> 0, pair -> 1) FROM json_array_elements(e.seen) pair), '{}');
    mark json;
BEGIN
    IF e.noted IS NOT FALSE THEN
        INSERT INTO places (identity, room, nick, entered, seen, "time")
        VALUES (p_who, '', e.nick, p_id, coalesce((v_seen ->> '')::bigint, p_id), p_time)
        ON CONFLICT (identity, room) DO UPDATE SET nick = excluded.nick, seen = excluded.seen,
            "time" = excluded."time", read = NULL;
    END IF;
    UPDATE places
    SET nick = e.nick, seen = coalesce((v_seen ->> room)::bigint, p_id), "time" = p_time, read = NULL
    WHERE identity = p_who AND room <> '' AND (
        v_seen ? room OR room IN (SELECT json_array_elements_text(e.rooms)));
    FOR mark IN SELECT json_array_elements(e.marks) LOOP
        PERFORM chat_mark(p_who, mark ->> 0, (mark ->> 1)::bigint);
    END LOOP;
END $$;

-- Moves the mark of a room on, of the 1,000 that somebody may have.
CREATE OR REPLACE FUNCTION chat_mark(p_who bytea, p_room text, p_id bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO marks (identity, other, nick, id)
    VALUES (p_who, convert_to('#' || p_room, 'UTF8'), '#' || p_room, p_id)
    ON CONFLICT (identity, other) DO UPDATE SET nick = excluded.nick,
        id = greatest(marks.id, excluded.id);
    DELETE FROM marks WHERE identity = p_who AND other IN (
        SELECT other FROM marks WHERE identity = p_who ORDER BY id DESC OFFSET 1000)
$$;

-- Stores an operator's act, or keeps it for as long as somebody is in its room.
CREATE OR REPLACE FUNCTION chat_act(
    p_id bigint, p_time bigint, p_who bytea, e chat_event, p_data jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_target bytea := chat_bytes(e.target_identity);
    v_whom bytea := chat_person(CASE e.kind WHEN 'founded' THEN p_who ELSE v_target END);
    v_room text := coalesce(e.room, '');
    v_is_mask boolean := coalesce(e.target, '') LIKE '%!%';
BEGIN
    IF e.passing THEN
        INSERT INTO passing_acts VALUES (p_id, v_room, p_time, p_data::text);
    ELSE
        INSERT INTO acts (id, kind, room, nick, author, target, target_identity, network, until,
            text, "time")
        VALUES (p_id, e.kind, v_room, coalesce(e.nick, ''), p_who, coalesce(e.target, ''), v_target,
            coalesce(e.network, ''), coalesce(e.until, 0), coalesce(e.text, ''), p_time);
    END IF;
    IF v_room <> '' AND e.kind IN ('kicked', 'banned') AND v_target <> '' AND NOT v_is_mask THEN
        DELETE FROM places WHERE identity = v_target AND room = v_room;
    END IF;
    IF e.kind = 'kicked' AND v_room <> '' THEN
        PERFORM chat_leave_rooms(v_whom, v_room);
    ELSIF e.kind = 'opped' AND e.passing THEN
        UPDATE here SET runs = true WHERE room = v_room AND identity = v_whom;
    ELSIF e.kind IN ('deopped', 'banned') THEN
        DELETE FROM owners WHERE room = v_room AND identity = v_whom AND e.kind = 'deopped';
        UPDATE here SET runs = false WHERE room = v_room AND identity = v_whom;
    ELSIF e.kind = 'founded' THEN
        INSERT INTO owners VALUES (v_room, v_whom) ON CONFLICT DO NOTHING;
        UPDATE here SET runs = false WHERE room = v_room AND identity = v_whom;
    END IF;
END $$;

-- Finds the present identity of the person whom an act means: its node may not have heard of it.
CREATE OR REPLACE FUNCTION chat_person(p_identity bytea) RETURNS bytea LANGUAGE sql AS $$
    SELECT coalesce(
        (SELECT identity FROM members WHERE identity = p_identity),
        (SELECT identity FROM members WHERE former = p_identity),
        p_identity)
$$;

-- Appends events that the engine itself makes, such as the news that an account has changed.
CREATE OR REPLACE FUNCTION chat_tell(p_node bigint, p_batch text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM chat_lock();
    PERFORM chat_put(p_node, 0, p_batch, p_batch::jsonb);
END $$;

-- Tells all nodes that an account was added, changed or removed; called at the end of whatever did
-- that. The node that did it is named by its session.
CREATE OR REPLACE FUNCTION chat_account_changed(p_key text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_node bigint := coalesce(nullif(current_setting('chat.node', true), ''), '0')::bigint;
    v_facts text := (
        SELECT json_build_object(
            'key', key, 'nick', nick, 'identity', encode(identity, 'hex'), 'hash', hash,
            'since', since, 'preferences', preferences::json, 'ignored', ignored::json,
            'proven_from', proven_from::json, 'tokens', tokens::json)::text
        FROM accounts WHERE key = p_key);
BEGIN
    PERFORM chat_tell(v_node, json_build_array(json_build_object(
        'kind', 'account_changed', 'account_key', p_key, 'facts', coalesce(v_facts, '')))::text);
END $$;

-- Finds the owners of rooms anew, by the acts that were filled in.
CREATE OR REPLACE FUNCTION chat_find_owners() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a record;
BEGIN
    FOR a IN SELECT * FROM acts WHERE kind IN ('founded', 'deopped') ORDER BY id LOOP
        IF a.kind = 'founded' THEN
            INSERT INTO owners VALUES (a.room, a.author) ON CONFLICT DO NOTHING;
        ELSE
            DELETE FROM owners WHERE room = a.room AND identity = a.target_identity;
        END IF;
    END LOOP;
END $$;

-- Tells whether what is committed is on the disk, and on a standby's.
CREATE OR REPLACE FUNCTION chat_promises(OUT v_flushes boolean, OUT v_is_synchronous boolean)
LANGUAGE sql AS $$
    SELECT current_setting('fsync') = 'on', current_setting('synchronous_standby_names') <> ''
$$;

-- Opens a new link of a node, and finds out what came through the one before. v_is_whole: whether
-- the log has what the node has read; if not, an engine has taken over that had not got everything.
CREATE OR REPLACE FUNCTION chat_settle(p_node bigint, p_cursor bigint)
RETURNS TABLE (
    v_link bigint, v_number bigint, v_is_whole boolean, v_flushes boolean, v_is_synchronous boolean
) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE nodes SET link = link + 1, renewed = clock_timestamp()
    WHERE id = p_node AND NOT is_over RETURNING link, number INTO v_link, v_number;
    IF FOUND THEN
        v_is_whole := EXISTS (SELECT FROM log WHERE last = p_cursor);
        UPDATE head SET last = p_cursor WHERE last < p_cursor;
        SELECT * INTO v_flushes, v_is_synchronous FROM chat_promises();
        RETURN NEXT;
    END IF;
END $$;

-- The advisory lock on a name: the session that its node's log goes through holds it.
CREATE OR REPLACE FUNCTION chat_name_key(p_name text) RETURNS bigint LANGUAGE sql AS
    $$ SELECT hashtextextended(current_schema() || '/' || p_name, 0) $$;

-- Shows that a node lives, and has it take over the people of nodes that do not. Returns their
-- numbers, or nothing if the node has lost its own place.
CREATE OR REPLACE FUNCTION chat_renew(
    p_node bigint, p_link bigint, p_cursor bigint, p_members bigint, p_adopts boolean
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    v_former bigint;
    v_before timestamptz := (SELECT renewals[3] FROM nodes WHERE id = p_node);
    v_adopts boolean := p_adopts AND EXISTS (SELECT FROM chat_silent(p_node, v_before));
    v_adopted bigint[] := '{}';
BEGIN
    -- Before its own row, as everywhere: another node may be about to take over this one.
    IF v_adopts THEN
        PERFORM chat_lock();
    END IF;
    UPDATE nodes SET renewed = clock_timestamp(), renewals = (clock_timestamp() || renewals)[:3],
        cursor = p_cursor, members = p_members
    WHERE id = p_node AND link = p_link AND NOT is_over;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- After the connection was lost, this is a new session.
    PERFORM pg_try_advisory_lock(chat_name_key(name)) FROM nodes WHERE id = p_node;
    IF NOT v_adopts THEN
        RETURN v_adopted;
    END IF;
    FOR v_former IN SELECT * FROM chat_silent(p_node, v_before) LOOP
        PERFORM chat_hand_over(v_former, p_node);
        v_adopted := v_adopted || v_former;
    END LOOP;
    RETURN v_adopted;
END $$;

-- Lists the nodes that have not shown within their lease that they live: another one has seen nothing
-- of them since 6 s before p_before, and has renewed its own lease three times since. If the clock was
-- set before that, whoever lives has shown it since; if it was set back later, it tells nothing yet.
CREATE OR REPLACE FUNCTION chat_silent(p_node bigint, p_before timestamptz) RETURNS SETOF bigint
LANGUAGE sql AS $$
    SELECT id FROM nodes WHERE NOT is_over AND id <> p_node AND p_before <= clock_timestamp()
        AND renewed NOT BETWEEN p_before - interval '6 s' AND clock_timestamp() + interval '6 s'
$$;

-- Lists the nodes that seem not to have shown within their lease that they live; this is of the moment.
CREATE OR REPLACE FUNCTION chat_expired() RETURNS SETOF bigint LANGUAGE sql AS $$
    SELECT id FROM nodes WHERE NOT is_over AND renewed < clock_timestamp() - interval '15 s'
$$;

-- Ends a node, and has the people who were there alone linger at another one; the lock is held.
CREATE OR REPLACE FUNCTION chat_hand_over(p_former bigint, p_node bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_cursor bigint;
    v_batch jsonb;
BEGIN
    UPDATE nodes SET is_over = true, link = link + 1 WHERE id = p_former
    RETURNING cursor INTO v_cursor;
    UPDATE members SET
        lost_at = CASE WHEN homes = ARRAY[p_former] AND NOT lingers THEN v_cursor ELSE lost_at END,
        lingers = lingers OR homes = ARRAY[p_former],
        homes = CASE homes WHEN ARRAY[p_former] THEN ARRAY[p_node]
            ELSE array_remove(homes, p_former) END
    WHERE p_former = ANY (homes);
    DELETE FROM names WHERE node = p_former
        AND NOT EXISTS (SELECT FROM members WHERE members.key = names.key);
    v_batch := jsonb_build_array(jsonb_build_object(
        'kind', 'adopted', 'former', p_former, 'upto', v_cursor));
    PERFORM chat_put(p_node, 0, v_batch::text, v_batch);
END $$;

-- Tells whether no node is running.
CREATE OR REPLACE FUNCTION chat_is_idle() RETURNS boolean LANGUAGE sql AS $$
    SELECT NOT EXISTS (
        SELECT FROM nodes WHERE NOT is_over AND id NOT IN (SELECT * FROM chat_expired()))
$$;

-- Returns the rules by which nicknames look alike: those of the first node of all that are running.
CREATE OR REPLACE FUNCTION chat_rules(p_rules text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM chat_lock();
    UPDATE chatservice SET names = p_rules
    WHERE names IS NULL OR chat_is_idle();
    RETURN (SELECT names FROM chatservice);
END $$;

-- Tells whether a node that goes by a name has shown within its lease that it lives.
CREATE OR REPLACE FUNCTION chat_is_running(p_name text) RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (
        SELECT FROM nodes WHERE name = p_name AND NOT is_over
            AND id NOT IN (SELECT * FROM chat_expired())
    )
$$;

-- Lets a node take part. One of the same name that has ended gives way, as do nodes that ended
-- without a successor; p_is_sole: whether nobody else holds the name.
CREATE OR REPLACE FUNCTION chat_enter(p_name text, p_version text, p_options text, p_is_sole boolean)
RETURNS TABLE (v_node bigint, v_link bigint) LANGUAGE plpgsql AS $$
DECLARE
    v_former bigint;
    v_last bigint;
BEGIN
    PERFORM chat_lock();
    IF NOT p_is_sole AND chat_is_running(p_name) THEN
        RETURN;
    END IF;
    INSERT INTO nodes (name, version, options, cursor)
    SELECT p_name, p_version, p_options, last FROM head
    RETURNING id, link INTO v_node, v_link;
    -- A row without events, so that the cursor of a node is always the id of a row: see chat_settle.
    UPDATE head SET last = greatest(last + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    RETURNING last INTO v_last;
    INSERT INTO log VALUES (v_last, v_last, v_node, 0, '{}', NULL, '[]');
    FOR v_former IN
        SELECT id FROM nodes WHERE id <> v_node AND (name = p_name AND NOT is_over
            OR is_over AND id IN (SELECT unnest(homes) FROM members))
    LOOP
        PERFORM chat_hand_over(v_former, v_node);
    END LOOP;
    RETURN NEXT;
END $$;

-- Hands everybody at a node over to another one, if there is any; if not, to the next that comes. One
-- whose lease is over may come back, and if it does not, somebody takes over its people.
CREATE OR REPLACE FUNCTION chat_leave(p_node bigint, p_link bigint, p_cursor bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_next bigint;
BEGIN
    PERFORM chat_lock();
    UPDATE nodes SET is_over = true, cursor = p_cursor
    WHERE id = p_node AND link = p_link AND NOT is_over;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT id INTO v_next FROM nodes
    WHERE NOT is_over ORDER BY id IN (SELECT * FROM chat_expired()), members LIMIT 1;
    IF v_next IS NOT NULL THEN
        PERFORM chat_hand_over(p_node, v_next);
    END IF;
END $$;

-- Claims names for a node, and gives up others, under which nobody has come. Of the names of one claim
-- it gets all or none; p_claims: to which claim each name belongs. Returns the claims that came to
-- nothing, and the last id in the log: once that has passed, so has everything about former holders.
CREATE OR REPLACE FUNCTION chat_claim(
    p_node bigint, p_keys text[], p_claims integer[], p_released text[],
    OUT v_taken integer[], OUT v_head bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_given_up text[] := p_released;
BEGIN
    WITH claimed AS (
        INSERT INTO names (key, node) SELECT key, p_node FROM unnest(p_keys) key
        WHERE EXISTS (SELECT FROM nodes WHERE id = p_node AND NOT is_over)
        ORDER BY key
        -- The node knows of all claims that it was told of: this one's answer was lost.
        ON CONFLICT (key) DO UPDATE SET node = excluded.node WHERE names.node = excluded.node
            AND NOT EXISTS (SELECT FROM members WHERE members.key = excluded.key)
        RETURNING key
    )
    SELECT coalesce(array_agg(DISTINCT claim), '{}') INTO v_taken
    FROM unnest(p_keys, p_claims) AS asked (key, claim) WHERE key NOT IN (SELECT key FROM claimed);
    IF v_taken <> '{}' THEN
        v_given_up := v_given_up || ARRAY(
            SELECT key FROM unnest(p_keys, p_claims) AS asked (key, claim)
            WHERE claim = ANY (v_taken));
    END IF;
    DELETE FROM names WHERE key = ANY (v_given_up) AND node = p_node
        AND NOT EXISTS (SELECT FROM members WHERE members.key = names.key);
    SELECT last INTO v_head FROM head;
END $$;
