#if PostgreSQL
    internal import CWebhooksPostgres

    /// Something that a server says beside its answers.
    package struct ServerNotice: Sendable, Hashable {
        /// Such as WARNING or NOTICE, whatever the server's language.
        package var severity: String
        /// The SQLSTATE.
        package var state: String
        /// One line without control characters, and bounded.
        package var message: String
    }

    /// Receives what a server says, for libpq, which knows it by its address.
    final class NoticeReceiver: Sendable {
        private let tell: @Sendable (ServerNotice) -> Void

        init(_ tell: @escaping @Sendable (ServerNotice) -> Void) { self.tell = tell }

        /// Receives from now on. The connection has to be closed before this object goes.
        func attach(to raw: OpaquePointer) {
            let receive: PQnoticeReceiver = { context, result in
                guard let context, let result else { return }
                Unmanaged<NoticeReceiver>.fromOpaque(context).takeUnretainedValue().receive(result)
            }
            PQsetNoticeReceiver(raw, receive, Unmanaged.passUnretained(self).toOpaque())
        }

        private func receive(_ result: OpaquePointer) {
            func field(_ code: Character) -> String {
                guard let value = PQresultErrorField(result, Int32(code.asciiValue ?? 0)) else { return "" }
                return PostgresConnection.line(String(cString: value))
            }
            tell(ServerNotice(severity: field("V"), state: field("C"), message: field("M")))
        }
    }
#endif
