import Glibc
import WebhookSimulation

/// One accepted connection, used by one thread.
final class FaultConnection {
    struct Request {
        var path: String
        var event: String
        var length: Int
        var body: [UInt8]?
    }

    private let connection: BlockingConnection
    private let session: TLSSession?
    private let isReady: Bool

    init(_ descriptor: Int32, tls: TLSServer?) {
        // Nobody waits for long for a peer that was killed or stopped.
        connection = BlockingConnection(descriptor, patience: 20)
        session = tls?.accept(descriptor)
        isReady = tls == nil || session != nil
        connection.session = session
    }

    /// The next request's line and headers, or `nil` at the end of the connection.
    func readHead() -> Request? {
        guard isReady, let head = connection.readHead() else { return nil }
        return Request(path: head.path, event: head.header("webhook-id") ?? "", length: head.length)
    }

    /// Reads the body too; whether it was whole.
    func readBody(of request: inout Request) -> Bool {
        request.body = connection.take(request.length)
        return request.body != nil
    }

    /// Tells whether all was written.
    @discardableResult
    func send(_ bytes: some Collection<UInt8>) -> Bool { connection.send(bytes) }

    func pause(milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }

    /// Waits until the peer has closed its side, or for as long as patience lasts.
    func waitForEnd() { connection.waitForEnd() }

    /// Ends the connection with a reset instead of an orderly close.
    func reset() { connection.reset() }

    /// Sends session tickets or new keys, as many as the other side takes within some seconds.
    func flood(withKeys: Bool) {
        let end = ContinuousClock.now + .seconds(4)
        var count = 0
        while .now < end, let session, withKeys ? session.updateKey() : session.sendTicket() {
            count += 1
            if count.isMultiple(of: 200) { pause(milliseconds: 1) }
        }
    }

    func close() { connection.close() }
}
