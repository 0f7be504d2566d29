#if PostgreSQL
    internal import WebhookCore
    internal import WebhooksPostgres

    /// Findings about a PostgreSQL server. Decisions alone: nothing is asked.
    enum ServerFindings {
        /// A transaction that is open for longer is one that somebody has forgotten.
        static let patience: Duration = .seconds(600)
        /// Fewer free connections are too few for another dispatcher.
        static let leastConnections = 10

        /// - Parameter name: the store's place for people.
        static func findings(_ facts: ServerFacts, _ name: String) -> [DoctorFinding] {
            let ok = DoctorFinding(.store, "server", .ok, "\(name) is PostgreSQL \(facts.version)")
            let encryption = encryption(
                name,
                sslMode: facts.sslMode,
                isEncrypted: facts.isEncrypted,
                isLocal: facts.isLocal
            )
            return [ok] + encryption + access(facts, name) + durability(facts, name) + facts.vacuumHolders.map(holder)
        }

        private static func access(_ facts: ServerFacts, _ name: String) -> [DoctorFinding] {
            var findings: [DoctorFinding] = []
            if facts.isStandby {
                let hint = "connect to the primary; `target_session_attrs=read-write` in the URL finds it among several"
                findings.append(DoctorFinding(.store, "standby", .error, "\(name) is a standby: read-only", hint: hint))
            }
            if facts.isReadOnly {
                let hint = "ALTER SYSTEM, DATABASE or ROLE … RESET default_transaction_read_only, whichever has set it"
                let message = "\(name) is read-only (default_transaction_read_only): nothing can be recorded"
                findings.append(DoctorFinding(.store, "read_only", .error, message, hint: hint))
            }
            if facts.isPooled {
                let hint = "connect to the server itself, or make the pooler pool sessions"
                let message =
                    "a connection pooler stands before \(name): one that pools transactions breaks the dispatcher's lock"
                findings.append(DoctorFinding(.store, "pooler", .warning, message, hint: hint))
            }
            for right in facts.missingRights {
                let hint = "GRANT it, or let the schema's owner run the dispatcher"
                findings.append(DoctorFinding(.store, "rights", .error, "the role lacks \(right)", hint: hint))
            }
            let free = facts.mostConnections - facts.connections
            if facts.mostConnections > 0, free < leastConnections {
                let message =
                    "\(facts.connections) of \(facts.mostConnections) connections are in use; a dispatcher takes four"
                let hint = "raise max_connections, or close some"
                findings.append(DoctorFinding(.store, "connections", .warning, message, hint: hint))
            }
            return findings
        }

        /// - Parameter isLocal: true for a connection that stays on this machine.
        static func encryption(
            _ name: String,
            sslMode: String,
            isEncrypted: Bool,
            isLocal: Bool
        ) -> [DoctorFinding] {
            guard !isLocal, ["disable", "allow", "prefer"].contains(sslMode) else { return [] }
            let state = isEncrypted ? "is encrypted and need not be" : "is not encrypted"
            let message =
                "the connection to \(name) \(state) (sslmode=\(sslMode)): who is on the way may read and change what is stored"
            let hint =
                "sslmode=verify-full in the store's URL, and sslrootcert where the server's authority is your own"
            return [DoctorFinding(.store, "unencrypted", .warning, message, hint: hint)]
        }

        private static func durability(_ facts: ServerFacts, _ name: String) -> [DoctorFinding] {
            var findings: [DoctorFinding] = []
            if facts.isFsyncOff {
                let message = "fsync is off: what \(name) acknowledges may be lost with the power"
                let hint = "turn it on, unless everything there may be lost"
                findings.append(DoctorFinding(.store, "fsync", .warning, message, hint: hint))
            }
            if ["off", "local", "remote_write"].contains(facts.synchronousCommit) {
                let message =
                    "the role's sessions have synchronous_commit = \(facts.synchronousCommit): a dispatcher sets it on for "
                    + "its own, and an event of `emit` in SQL may be lost after its COMMIT"
                let hint = "ALTER ROLE … SET synchronous_commit = on, for those who emit in SQL"
                findings.append(DoctorFinding(.store, "synchronous_commit", .warning, message, hint: hint))
            }
            return findings
        }

        static func holder(_ holder: ServerFacts.VacuumHolder) -> DoctorFinding {
            let age = holder.age.map { " for \(max(0, $0.components.seconds)) s" } ?? ""
            let (message, hint) =
                switch holder.kind {
                case .session:
                    (
                        "a transaction has been open\(age) (\(holder.name))",
                        "end it, or its process: SELECT pg_terminate_backend(PROCESS)"
                    )
                case .prepared:
                    (
                        "the prepared transaction \(holder.name) has been waiting\(age)",
                        "COMMIT PREPARED it, or ROLLBACK PREPARED"
                    )
                case .slot:
                    (
                        "nobody reads from the replication slot \(holder.name)",
                        "start its reader, or SELECT pg_drop_replication_slot('\(holder.name)')"
                    )
                }
            let effect =
                holder.kind == .slot
                ? "the server keeps WAL and old rows for it" : "no old version of a row can be removed meanwhile"
            return DoctorFinding(.store, "vacuum_held", .warning, "\(message): \(effect)", hint: hint)
        }
    }
#endif
