internal import CWebhooksCurl
internal import Dispatch
internal import WebhookCore

/// One multi handle with its queue, sockets and requests.
// Safe to share: everything but the mailbox, which has a lock, is touched on the queue alone; the entries check that.
final class Shard: @unchecked Sendable {
    private struct Mailbox {
        var messages: [ShardMessage] = []
        /// True when a turn is on its way that will read the messages.
        var isRunDue = false
    }

    let queue: DispatchQueue
    let resolver: any HostResolver
    private let mailbox = Locked(Mailbox())

    // Confined to the queue.
    let multi: UnsafeMutableRawPointer
    let poller: Poller
    let monitor: CallMonitor
    let sockets = SocketTable()
    let watchdog: Watchdog
    private let source: any DispatchSourceRead
    var isClosed = false
    /// The time at which libcurl wants to be called for its timeouts.
    var curlDeadline = MonotonicTime.distantFuture
    var exchanges: [UInt64: Exchange] = [:]
    var lastSerial: UInt64 = 0
    var idleHandles: [EasyHandle] = []
    var touchedBatches: [ResultBatch] = []
    var descriptorBackoff = DescriptorBackoff()
    var grace = Grace()
    var identities = IdentityCheck()

    /// Easy handles that are kept for later requests.
    static let idleHandleLimit = 256
    /// The most orders taken up at a time: between two batches the first responses are read.
    static let batchSize = 8

    init(
        number: Int,
        idleConnections: Int,
        resolver: any HostResolver,
        watchdog: Watchdog
    ) throws(CurlTransportError) {
        self.resolver = resolver
        self.watchdog = watchdog
        queue = DispatchQueue(label: "webhooks.transport.\(number)")
        poller = try Poller()
        monitor = try CallMonitor()
        guard let multi = curl_multi_init() else { throw .library }
        self.multi = multi
        source = DispatchSource.makeReadSource(fileDescriptor: poller.descriptor, queue: queue)
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = webhooks_curl_multi_set_functions(multi, Self.socketChanged, Self.timerChanged, context)
        _ = webhooks_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, idleConnections)
        _ = webhooks_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 0)
        _ = webhooks_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        // The source keeps the shard, and the descriptor with it, until it is shut down and Dispatch is done with it.
        source.setEventHandler { self.turn() }
        source.setCancelHandler { withExtendedLifetime(self) {} }
        source.activate()
    }

    /// The parts of it that the watchdog sees.
    var watched: Watchdog.Subject { Watchdog.Subject(monitor: monitor, sockets: sockets) }

    /// Leaves a message, from any thread. Messages that pile up are read in one go.
    func post(_ message: ShardMessage) {
        let wakes = mailbox.withLock { mailbox in
            mailbox.messages.append(message)
            defer { mailbox.isRunDue = true }
            return !mailbox.isRunDue
        }
        if wakes { queue.async { self.turn() } }
    }

    /// Takes the messages that came since the last time.
    func takeMessages() -> [ShardMessage] {
        mailbox.withLock { mailbox in
            mailbox.isRunDue = false
            defer { mailbox.messages = [] }
            return mailbox.messages
        }
    }

    /// Ends everything. Called on the queue, outside libcurl.
    func close() {
        guard !isClosed else { return }
        cancel(nil, reason: Self.stopped)
        isClosed = true
        idleHandles = []
        monitor.during { CurlGlobal.cleanUp(multi) }
        source.cancel()
        watchdog.subjectEnds()
    }
}

/// A message to a shard from outside its queue.
enum ShardMessage: Sendable {
    case send([TransportOrder], @Sendable ([TransportCompletion]) -> Void)
    /// A lookup for the exchange with this number ended.
    case resolved(UInt64, HostAnswer)
    /// Ends the requests of these tokens; `nil`: all.
    case cancel(Set<UInt64>?, reason: String)
    /// Answered when it is read.
    case ping(@Sendable () -> Void)
    case shutDown
}
