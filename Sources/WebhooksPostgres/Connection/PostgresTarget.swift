#if PostgreSQL
    internal import CWebhooksPostgres
    package import WebhookCore

    /// The database that holds a store. Its description names host, port, database and user, never a password.
    package struct PostgresTarget: Sendable, CustomStringConvertible {
        /// The schema in which the tables are.
        package let schema: SchemaName
        /// As libpq reads it, by keyword.
        private let options: [String: String]
        private let password: Secret?
        package let description: String
        /// Told what the server says beside its answers, on the threads of the connections; `nil`: it is dropped.
        package var onNotice: (@Sendable (ServerNotice) -> Void)?

        /// Reads a URL, or a list of `keyword=value`, as libpq does.
        ///
        /// - Parameters:
        ///   - password: overrides one in the URL.
        ///   - schema: where the tables are.
        /// - Throws: ``StoreError`` with `unavailable`. The text quotes nothing of the URL.
        package init(url: Secret, password: Secret? = nil, schema: SchemaName = .standard) throws(StoreError) {
            // libpq takes part of a password for a host or a port where a character is not escaped, asks for that host
            // and quotes it in its errors.
            if PostgresURL.isOne(url.reveal()) {
                do throws(PostgresURL.Problem) {
                    _ = try PostgresURL(url.reveal())
                } catch {
                    throw StoreError(.unavailable, "the store's URL \(error)")
                }
            }
            var message: UnsafeMutablePointer<CChar>?
            guard let parsed = PQconninfoParse(url.reveal(), &message) else {
                // The message would quote what may be a password.
                PQfreemem(message)
                throw StoreError(
                    .unavailable,
                    "the store's URL is none that PostgreSQL understands; one is postgres://user@host:5432/database"
                )
            }
            defer { PQconninfoFree(parsed) }
            var options: [String: String] = [:]
            var option = parsed
            while let keyword = option.pointee.keyword {
                if let value = option.pointee.val { options[String(cString: keyword)] = String(cString: value) }
                option += 1
            }
            self.schema = schema
            self.password = password ?? options.removeValue(forKey: "password").map { Secret($0) }
            options["password"] = nil
            self.options = options
            let user = options["user"].map { "\($0)@" } ?? ""
            let host = options["host"] ?? options["hostaddr"] ?? options["service"].map { "service " + $0 } ?? ""
            let port = options["port"].map { ":\($0)" } ?? ""
            // A folder of a Unix socket is no host of a URL.
            let place = host.hasPrefix("/") ? "\(user)\(port)/\(options["dbname"] ?? "") in \(host)" : nil
            description = "postgres://" + (place ?? "\(user)\(host)\(port)/\(options["dbname"] ?? "")")
        }

        /// The longest wait for a connection, and for a peer that has gone without a word.
        private static let bounds = [
            "connect_timeout": "10", "keepalives": "1", "keepalives_idle": "10", "keepalives_interval": "5",
            "keepalives_count": "3", "tcp_user_timeout": "20000", "fallback_application_name": "webhooks",
        ]

        /// Calls with the options as libpq takes them, what waits without end bounded.
        func withOptions<Value>(
            _ body: (_ keywords: [UnsafePointer<CChar>?], _ values: [UnsafePointer<CChar>?]) -> Value
        ) -> Value {
            var all = Self.bounds.merging(options) { $1 }
            all["client_encoding"] = "UTF8"
            if let password { all["password"] = password.reveal() }
            var copies: [UnsafeMutablePointer<CChar>] = []
            func copy(_ text: String) -> UnsafePointer<CChar>? {
                let bytes = Array(text.utf8CString)
                let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
                copy.update(from: bytes, count: bytes.count)
                copies.append(copy)
                return UnsafePointer(copy)
            }
            defer { for copy in copies { copy.deallocate() } }
            let sorted = all.sorted { $0.key < $1.key }
            return body(sorted.map { copy($0.key) } + [nil], sorted.map { copy($0.value) } + [nil])
        }
    }
#endif
