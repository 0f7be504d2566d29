#if PostgreSQL
    internal import WebhookCore

    /// The side of new events as messages, in the statement that stores them: who only emits has another one.
    enum MessageRows {
        /// The reason for which an event must not be stored; `0`: none.
        ///
        /// It looks at what is committed. Of two transactions at once that bring the same, one fails by a unique index, begins
        /// again, and then sees the other's.
        static let refusal = """
            CASE WHEN octet_length(x.answer_key) > 0
                AND EXISTS (SELECT 1 FROM answers a WHERE a.key = x.answer_key AND a.expires_at > x.created_at) THEN 1
            WHEN x.reference IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM applications a WHERE a.id = x.application AND a.deleted_at IS NULL
                    AND (a.id = x.reference OR a.uid = x.reference)
            ) THEN 3
            WHEN x.message_id IS NOT NULL AND EXISTS (
                SELECT 1 FROM messages m WHERE m.application = x.application AND m.event_id = x.message_id
            ) THEN 2 ELSE 0 END
            """
        /// The arrays that `unnest` reads beside the events' own, and the names of their columns.
        static func arrays(from first: Int) -> String {
            """
            , $\(first)::text[], $\(first + 1)::text[], $\(first + 2)::text[], $\(first + 3)::text[], $\(first + 4)::int8[], \
            $\(first + 5)::bytea[], $\(first + 6)::bytea[], $\(first + 7)::int4[], $\(first + 8)::int8[], $\(first + 9)::bytea[], \
            $\(first + 10)::text[]
            """
        }
        static let columns = """
            , application, message_id, channels, tags, payload_expires_at, answer_key, answer_request, answer_status, \
            answer_expires_at, answer_body, reference
            """
        /// The parts of the statement that store them with their events (`input`, `known`).
        static let inserts = """
            , new_messages AS (
                INSERT INTO messages (event, application, event_id, channels, tags, expires_at)
                SELECT i.id, i.application, i.message_id, i.channels, i.tags, i.payload_expires_at
                FROM input i, known k WHERE i.id = ANY (k.inserted) AND i.application IS NOT NULL
            ), new_answers AS (
                INSERT INTO answers (key, request, status, expires_at, body)
                SELECT i.answer_key, i.answer_request, i.answer_status, i.answer_expires_at, i.answer_body
                FROM input i, known k WHERE i.id = ANY (k.inserted) AND octet_length(i.answer_key) > 0
            )
            """
        /// The rows that name what was refused: no event, and the reason's code.
        static let refusals = "UNION ALL SELECT i.position, NULL, i.refusal::int8 FROM input i WHERE i.refusal > 0"

        /// The result for a reason's code.
        static func result(_ code: Int64) -> AcceptanceResult {
            switch code {
            case 1: .conflict(differences: MessageRecord.isAnswered)
            case 2: .conflict(differences: MessageRecord.eventIDIsTaken)
            default: .conflict(differences: MessageRecord.applicationIsGone)
            }
        }

        /// Removes answers whose time is over, to be run before: new ones take their keys.
        private static let forget = Statement(
            """
            DELETE FROM answers a USING unnest($1::bytea[], $2::int8[]) AS x (key, now)
            WHERE a.key = x.key AND a.expires_at <= x.now
            """
        )

        static func forget(_ acceptances: [Acceptance]) -> BoundStatement {
            let answers = acceptances.compactMap { acceptance in
                acceptance.event.message?.answer.map { ($0.key, acceptance.createdAt.milliseconds) }
            }
            return BoundStatement(forget, [.byteStrings(answers.map(\.0)), .int8s(answers.map(\.1))])
        }

        /// As parameters, in the order of ``columns``.
        static func parameters(_ messages: [MessageRecord?]) -> [Parameter] {
            let answers = messages.map { $0?.answer }
            return [
                .texts(messages.map { $0?.application }), .texts(messages.map { $0?.eventID }),
                .texts(messages.map { $0?.channels.map(MessageTerms.stored) }),
                .texts(messages.map { $0?.tags.map(MessageTerms.stored) }),
                .int8s(messages.map { $0?.expiresAt?.milliseconds }),
                .byteStrings(answers.map { $0?.key ?? .empty }), .byteStrings(answers.map { $0?.request ?? .empty }),
                .int4s(answers.map { $0?.status }), .int8s(answers.map { $0?.expiresAt.milliseconds }),
                .byteStrings(answers.map { $0?.body ?? .empty }), .texts(messages.map { $0?.reference }),
            ]
        }

        /// A key of an acceptance that no other of the same statement may share: the request that it answers, or the id that it
        /// takes.
        static func keys(of acceptance: Acceptance) -> [ByteString] {
            guard let message = acceptance.event.message else { return [] }
            let taken = message.eventID.map { ByteString("\(message.application)\n\($0)") }
            return [message.answer?.key, taken].compactMap { $0 }
        }
    }
#endif
