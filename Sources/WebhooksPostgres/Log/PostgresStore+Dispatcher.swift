#if PostgreSQL
    package import WebhookCore

    /// Tells others of this dispatcher, in its session's row.
    extension PostgresStore {
        package enum DispatcherNote: Sendable {
            /// It makes no more attempts, and ends.
            case stopping
            /// It works, as of now.
            case alive
            /// The reason why it can't record anything, in a word; `nil`: it can.
            case trouble(String?)
            /// The subscriptions that it can't send to because of their settings.
            case unusable(UnusableSubscriptions)
            /// The number of problems of the configuration on its disk, which it has refused; 0: it goes by that one.
            case refused(Int)
        }

        /// Writes something down for others. Best effort: nobody waits for it.
        package func note(_ note: DispatcherNote) {
            onWriter { writer in
                let session = writer.session
                let change: (set: String, value: Parameter)
                switch note {
                case .stopping: change = ("stopping = $2::bool", .bool(true))
                case .alive:
                    change = ("alive_at = floor(extract(epoch FROM clock_timestamp()) * 1000) + $2::int8", .int8(0))
                case .trouble(let trouble): change = ("trouble = $2::text", .text(trouble))
                case .unusable(let unusable):
                    // A line for each: no name has a line feed.
                    change = ("held = $2::text", .text(unusable.isEmpty ? nil : unusable.lines.joined(separator: "\n")))
                case .refused(let problems):
                    change = ("refused = nullif($2::int4, 0)", .int4(Int32(clamping: problems)))
                }
                let update = Statement("UPDATE writers SET \(change.set) WHERE id = $1::int8")
                _ = try? session.connected().run(update, [.int8(session.id), change.value])
            } orElse: { _ in
            }
        }

        /// The process that has the right to deliver; `nil`: nobody. Of several that share the store, the youngest.
        package func dispatcher() async throws(StoreError) -> DispatcherRecord? {
            try await read { connection in
                let rows = try connection.run(
                    Statement(
                        """
                        SELECT w.process, w.purpose, w.stopping, w.trouble, w.host, w.version, w.started_at,
                            floor(extract(epoch FROM clock_timestamp()) * 1000)::int8 - w.alive_at, w.held, w.refused,
                            coalesce(has_table_privilege(a.usesysid, 'writers', 'UPDATE')
                                AND has_table_privilege(a.usesysid, 'deliveries', 'INSERT')
                                AND has_table_privilege(a.usesysid, 'deliveries', 'UPDATE'), true)
                        FROM pg_locks l JOIN meta m ON true JOIN writers w ON w.pid = l.pid AND w.dispatcher
                        LEFT JOIN pg_stat_activity a ON a.pid = l.pid
                        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
                            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                            AND l.classid = $1::int4::oid AND l.objid = (m.identity & 4294967295)::oid
                        ORDER BY w.id DESC
                        """
                    ),
                    [.int4(Schema.dispatcherLockClass)]
                )
                guard let row = rows.first else { return nil }
                let process = Int32(truncatingIfNeeded: row.int32(0))
                var record = DispatcherRecord(LockHolder(processID: process, role: row.text(1)))
                (record.isStopping, record.trouble) = (row.bool(2), row.optionalText(3))
                (record.host, record.version, record.since) = (row.text(4), row.text(5), row.timestamp(6))
                record.lastSignOfLife = row.optionalInt64(7).map { .milliseconds(max(0, $0)) }
                // Without the right to write it can't say so itself, nor that it is alive.
                if !row.bool(10) {
                    (record.trouble, record.lastSignOfLife) = (StoreError.Code.readOnly.rawValue, nil)
                }
                let unusable = rows.map { UnusableSubscriptions(lines: $0.text(8).split(separator: "\n")) }
                record.unusable = unusable.dropFirst().reduce(unusable[0]) { all, one in
                    // What one holds another may serve: it is held where all hold it. What one refuses misses what that one matches.
                    let held = all.held.intersection(one.held)
                    return UnusableSubscriptions(held: held, refused: all.refused.union(one.refused))
                }
                record.refusals = rows.compactMap { row in
                    let process = Int32(truncatingIfNeeded: row.int32(0))
                    guard let problems = row.optionalInt32(9) else { return nil }
                    return ConfigurationRefusal(processID: process, host: row.text(4), problems: problems)
                }
                return record
            }
        }
    }

    extension PostgresStore: WebhookStore {
        package var name: String { target.description }

        /// Its tables may be new, which is nothing to tell: they are in the database that was named.
        package var isNew: Bool { false }

        /// Rows are indexed as they are written.
        package func indexNewRows() async throws(StoreError) -> IndexingResult { IndexingResult(indexed: 0, left: 0) }
    }
#endif
