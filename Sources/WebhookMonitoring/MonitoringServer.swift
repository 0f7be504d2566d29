internal import Glibc
package import WebhookCore
internal import WebhookReceiver

/// A small HTTP server for whoever watches a process: `/healthz`, `/readyz` and `/metrics`.
///
/// It answers one request a connection, from what is in memory, on a thread of its own. Connections are few, short and
/// small whatever their other sides do: a slow one is closed for the next.
package final class MonitoringServer: Sendable {
    /// The most connections at once.
    package static let maxConnections = 16
    /// The longest that a connection lasts.
    package static let connectionLifetime: Duration = .seconds(10)

    private let receiver: Receiver

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - address: where; port 0 for a free one.
    ///   - lifetime: the longest that a connection lasts.
    ///   - metrics: gives the text of `/metrics`.
    ///   - readiness: says why the process is not ready; `nil`: it is.
    /// - Throws: ``MonitoringError`` where the port is taken or the address isn't this machine's.
    package init(
        on address: ListenAddress,
        lifetime: Duration = MonitoringServer.connectionLifetime,
        metrics: @escaping @Sendable () -> String,
        readiness: @escaping @Sendable () -> NotReady?
    ) throws(MonitoringError) {
        var options = ReceiverOptions(host: address.host, port: address.port, recordsRequests: false)
        options.maxConnections = Self.maxConnections
        options.connectionLifetime = lifetime
        options.maxHeadSize = 8 << 10
        options.maxBodySize = 0
        options.backlog = 64
        let endpoints = MonitoringEndpoints(address: address, metrics: metrics, readiness: readiness)
        do throws(ReceiverError) {
            receiver = try Receiver(options) { request in
                let response = endpoints.response(
                    method: request.method,
                    target: request.target,
                    hosts: request.headers(named: "host")
                )
                return .status(
                    response.status,
                    headers: response.headers,
                    body: ByteString(response.body),
                    closesConnection: true
                )
            }
        } catch {
            throw MonitoringError(address, error)
        }
    }

    /// The port that it listens on.
    package var port: UInt16 { receiver.port }

    /// Closes everything.
    package func stop() { receiver.stop() }
}

/// The reason why a process is not ready.
package struct NotReady: Sendable, Hashable {
    /// A word, for programs.
    package var reason: String
    /// For people; names no file and no receiver.
    package var message: String

    package init(_ reason: String, _ message: String) { (self.reason, self.message) = (reason, message) }
}

/// The reason why a ``MonitoringServer`` can't listen.
package struct MonitoringError: Error, CustomStringConvertible {
    package let description: String

    init(_ address: ListenAddress, _ error: ReceiverError) {
        let cause =
            switch error {
            case .system(_, EADDRINUSE): "the port is taken: stop the other program, or listen on another port"
            case .system(_, EACCES): "the port is for root: listen on one above 1023"
            case .system(_, EADDRNOTAVAIL): "the address is none of this machine's"
            default: error.description
            }
        description = "can't listen on \(address): \(cause)"
    }
}
