#if PostgreSQL
    extension Schema {
        /// The functions that any client may call in its own transaction: `webhooks.emit` and `webhooks.cancel`.
        ///
        /// They refuse what `webhooks emit` refuses, in the same words and without a word of the data. They run with the rights
        /// of the store's owner, so that their callers need none on the tables, and nobody may call them who wasn't granted
        /// that. The search path is theirs: a caller's own would put other tables in the place of ours.
        static func functions(in schema: SchemaName) -> String {
            let path = "SET search_path = pg_catalog, \(schema.quoted), pg_temp"
            return emit(schema, path) + cancel(schema, path)
        }

        /// Listeners of the channel look at once for what is written (``StoreNotification``).
        static let channel = "webhooks"

        private static func emit(_ schema: SchemaName, _ path: String) -> String {
            """
            CREATE OR REPLACE FUNCTION \(schema.quoted).emit(
                topic text,
                data text,
                id text DEFAULT NULL,
                tenant text DEFAULT NULL,
                occurred_at timestamptz DEFAULT NULL,
                deliver_at timestamptz DEFAULT NULL,
                test boolean DEFAULT false
            ) RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER \(path)
            AS $$
            DECLARE
                created_ms bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
                occurred_ms bigint;
                due_ms bigint;
                name text := emit.id;
                content bytea;
                brackets text;
                depth integer := 0;
                event_row bigint;
                known events%ROWTYPE;
                differences text[] := '{}';
            BEGIN
                IF emit.topic IS NULL OR octet_length(emit.topic) > 256
                    OR emit.topic COLLATE "C" !~ '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$'
                THEN
                    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE =
                        'the event''s topic is not acceptable: one is letters, digits, _ and -, in segments joined by dots, for example course.created';
                END IF;
                IF starts_with(emit.topic, 'webhooks.') THEN
                    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE =
                        'the topic must not begin with webhooks.: the dispatcher''s own events do';
                END IF;
                IF name IS NOT NULL AND (octet_length(name) > 256 OR name COLLATE "C" !~ '^[!-~]+$') THEN
                    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE =
                        'the id must be 1 to 256 bytes of printable ASCII without spaces';
                END IF;
                IF emit.tenant IS NOT NULL AND (octet_length(convert_to(emit.tenant, 'UTF8')) NOT BETWEEN 1 AND 256
                    OR emit.tenant ~ '[\\u0001-\\u001F\\u007F-\\u009F]')
                THEN
                    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE =
                        'the tenant must be 1 to 256 bytes without control characters';
                END IF;
                IF emit.occurred_at NOT BETWEEN '0001-01-01 00:00:00Z' AND '9999-12-31 23:59:59.999Z'
                    OR emit.deliver_at NOT BETWEEN '0001-01-01 00:00:00Z' AND '9999-12-31 23:59:59.999Z'
                THEN
                    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE =
                        'a time must lie in the years 1 to 9999';
                END IF;
                occurred_ms := floor(extract(epoch FROM emit.occurred_at) * 1000);
                due_ms := floor(extract(epoch FROM emit.deliver_at) * 1000);
                IF emit.data IS NULL THEN
                    RAISE EXCEPTION USING ERRCODE = 'invalid_json_text', MESSAGE =
                        'the data is not acceptable JSON: it is NULL; JSON''s own null is the text null';
                END IF;
                IF octet_length(convert_to(emit.data, 'UTF8')) > 20000000 THEN
                    RAISE EXCEPTION USING ERRCODE = 'program_limit_exceeded', MESSAGE = 'the data is larger than 20 MB';
                END IF;
                -- Checked, not converted: jsonb would refuse an escaped null byte, and lose order, duplicates and numbers' text.
                BEGIN
                    PERFORM emit.data::json;
                EXCEPTION
                    WHEN invalid_text_representation OR untranslatable_character THEN
                        RAISE EXCEPTION USING ERRCODE = 'invalid_json_text', MESSAGE =
                            'the data is not acceptable JSON: it does not follow RFC 8259';
                    WHEN statement_too_complex THEN
                        RAISE EXCEPTION USING ERRCODE = 'invalid_json_text', MESSAGE =
                            'the data is not acceptable JSON: nested deeper than 512 levels';
                END;
                content := convert_to(btrim(emit.data, E' \\t\\n\\r'), 'UTF8');
                IF length(emit.data) - length(translate(emit.data, '[{', '')) > 512 THEN
                    -- Arrays and objects without what is in them; each round takes the innermost away.
                    brackets := translate(
                        regexp_replace(emit.data, '"(?:[^"\\\\]|\\\\.)*"|[^][{}"]+', '', 'g'), '{}', '[]');
                    WHILE brackets <> '' LOOP
                        depth := depth + 1;
                        IF depth > 512 THEN
                            RAISE EXCEPTION USING ERRCODE = 'invalid_json_text', MESSAGE =
                                'the data is not acceptable JSON: nested deeper than 512 levels';
                        END IF;
                        brackets := replace(brackets, '[]', '');
                    END LOOP;
                END IF;
                -- The insert's own lock, before the look: a copy that begins waits for it, and then sees the event.
                LOCK TABLE events IN ROW EXCLUSIVE MODE;
                IF to_regclass('\(schema.quoted).\(UnfinishedCopy.table)') IS NOT NULL THEN
                    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE =
                        'the store is an unfinished copy of another: complete it with `webhooks store copy`';
                END IF;
                name := coalesce(name, \(schema.quoted).event_id(created_ms));
                INSERT INTO events AS e (
                    occurred_at, created_at, deliver_at, occurred_given, test, event_id, topic, tenant, data
                ) VALUES (
                    coalesce(occurred_ms, created_ms), created_ms, due_ms, occurred_ms IS NOT NULL,
                    coalesce(emit.test, false), name, emit.topic, emit.tenant, content
                ) ON CONFLICT (event_id) DO NOTHING RETURNING e.id INTO event_row;
                IF event_row IS NOT NULL THEN
                    INSERT INTO pending (event, due_at)
                        VALUES (event_row, CASE WHEN due_ms > created_ms THEN due_ms END);
                    PERFORM pg_notify('\(channel)', '\(schema.name) events');
                    RETURN name;
                END IF;
                SELECT e.* INTO STRICT known FROM events e WHERE e.event_id = name;
                IF known.topic <> emit.topic THEN differences := differences || 'topic'::text; END IF;
                IF known.data <> content THEN differences := differences || 'data'::text; END IF;
                IF known.tenant IS DISTINCT FROM emit.tenant THEN differences := differences || 'tenant'::text; END IF;
                IF known.occurred_at <> occurred_ms AND known.occurred_given THEN
                    differences := differences || 'occurredAt'::text;
                END IF;
                IF known.deliver_at IS DISTINCT FROM due_ms THEN
                    differences := differences || 'deliverAt'::text;
                END IF;
                IF known.test <> coalesce(emit.test, false) THEN differences := differences || 'test'::text; END IF;
                -- As a tombstone is told from data in the other places: it says nothing but when it was erased.
                IF 'data' = ANY (differences) AND known.tenant IS NULL AND octet_length(known.data) < 64
                    AND encode(known.data, 'escape') COLLATE "C" ~
                        '^\\{"expunged":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z"\\}$'
                THEN
                    RAISE EXCEPTION USING ERRCODE = 'unique_violation', MESSAGE = format(
                        'the event with the id %s was erased, and its id stays taken: emit it with another id', name);
                END IF;
                IF differences <> '{}' THEN
                    RAISE EXCEPTION USING ERRCODE = 'unique_violation', MESSAGE = format(
                        'another event with the id %s and other content is stored already (its %s %s)', name,
                        regexp_replace(array_to_string(differences, ', '), ', ([^,]+)$', ' and \\1'),
                        CASE WHEN cardinality(differences) = 1 THEN 'differs' ELSE 'differ' END);
                END IF;
                RETURN name;
            END
            $$;
            REVOKE ALL ON FUNCTION \(schema.quoted).emit(text, text, text, text, timestamptz, timestamptz, boolean)
                FROM PUBLIC;

            CREATE OR REPLACE FUNCTION \(schema.quoted).event_id(milliseconds bigint) RETURNS text
                LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
            AS $$
                WITH random AS (SELECT uuid_send(gen_random_uuid()) AS bytes),
                parts AS (
                    SELECT milliseconds AS part, 10 AS digits, 1 AS place
                    UNION ALL SELECT ('x' || encode(substr(bytes, 1, 5), 'hex'))::bit(40)::bigint, 8, 2 FROM random
                    UNION ALL SELECT ('x' || encode(substr(bytes, 10, 5), 'hex'))::bit(40)::bigint, 8, 3 FROM random
                )
                SELECT 'evt_' || string_agg(
                    substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (part >> (5 * (digits - n)) & 31)::integer + 1, 1), ''
                    ORDER BY place, n)
                FROM parts, generate_series(1, digits) AS n;
            $$;
            REVOKE ALL ON FUNCTION \(schema.quoted).event_id(bigint) FROM PUBLIC;

            """
        }

        private static func cancel(_ schema: SchemaName, _ path: String) -> String {
            """
            CREATE OR REPLACE FUNCTION \(schema.quoted).cancel(id text) RETURNS boolean
                LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER \(path)
            AS $$
            DECLARE
                now_ms bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
                event_row bigint;
                cancelled boolean;
                touched integer[];
            BEGIN
                SELECT e.id INTO event_row FROM events e WHERE e.event_id = cancel.id;
                IF event_row IS NULL THEN RETURN false; END IF;
                -- Waits for a dispatcher that is giving it out, and finds its deliveries then.
                DELETE FROM pending p WHERE p.event = event_row;
                cancelled := FOUND;
                IF cancelled THEN UPDATE events e SET cancelled = true WHERE e.id = event_row; END IF;
                WITH settled AS (
                    UPDATE deliveries d SET state = 6, detail = NULL, settled_at = now_ms, due_at = NULL
                    WHERE d.event = event_row AND d.state < 2 RETURNING d.subscription
                ) SELECT array_agg(DISTINCT s.subscription) INTO touched FROM settled s;
                -- An attempt under way is not cut off, and no retry follows it.
                UPDATE deliveries d SET cancelled_at = coalesce(d.cancelled_at, now_ms)
                    WHERE d.event = event_row AND d.state = 2;
                -- What a disabling had cancelled is cancelled by hand from now on.
                UPDATE deliveries d SET last_error = NULL WHERE d.event = event_row AND d.state = 6 AND d.last_error = 11;
                cancelled := cancelled OR FOUND OR touched IS NOT NULL;
                IF touched IS NOT NULL THEN
                    UPDATE subscriptions s SET retries = s.retries + 1 WHERE s.id = ANY (touched);
                    PERFORM pg_notify('\(channel)', '\(schema.name) everything');
                END IF;
                RETURN cancelled;
            END
            $$;
            REVOKE ALL ON FUNCTION \(schema.quoted).cancel(text) FROM PUBLIC;

            """
        }
    }
#endif
