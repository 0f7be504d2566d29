internal import CWebhooksCurl
internal import Dispatch
internal import Synchronization
internal import WebhookCore

/// A thread that ends a connection in which libcurl has been busy for over a second.
///
/// libcurl and OpenSSL go on reading in one call for as long as a connection brings what they can swallow at once. What is
/// known of that is prevented where it happens; this is for what is not known. While nothing is sent the thread sleeps.
final class Watchdog: Sendable {
    /// The call that a shard is in, for its watchdog.
    struct Subject: Sendable {
        var monitor: CallMonitor
        var sockets: SocketTable
    }

    private let limit: Duration
    /// Shards that go on.
    private let subjectCount = Atomic(0)
    private let turns = Atomic(0)
    private let isAsleep = Atomic(false)
    private let wakeUp = DispatchSemaphore(value: 0)

    /// Looks in which nothing happens before it goes to sleep.
    private static let quietLooks = 16

    init(limit: Duration = .seconds(1)) {
        self.limit = limit
    }

    /// Watches until all of them have ended; false where the system has no thread left.
    func start(_ subjects: [Subject]) -> Bool {
        subjectCount.store(subjects.count, ordering: .sequentiallyConsistent)
        return DetachedThread.start(stackSize: 256 * 1024) { self.watch(subjects) }
    }

    /// A shard's thread has something to do.
    func runBegins() {
        turns.add(1, ordering: .sequentiallyConsistent)
        guard isAsleep.load(ordering: .sequentiallyConsistent) else { return }
        if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { wakeUp.signal() }
    }

    /// A shard is closed; with the last one the thread ends.
    func subjectEnds() {
        subjectCount.subtract(1, ordering: .sequentiallyConsistent)
        wakeUp.signal()
    }

    private var isOver: Bool { subjectCount.load(ordering: .sequentiallyConsistent) <= 0 }

    private func watch(_ subjects: [Subject]) {
        var states = subjects.map { _ in (call: StuckCall(limit: limit), bytesRead: [Int32: UInt64]()) }
        var (seen, quiet) = (-1, 0)
        while !isOver {
            let isQuiet =
                turns.load(ordering: .sequentiallyConsistent) == seen
                && subjects.allSatisfy { $0.monitor.began == nil }
            seen = turns.load(ordering: .sequentiallyConsistent)
            quiet = isQuiet ? quiet + 1 : 0
            if quiet >= Self.quietLooks {
                quiet = 0
                sleep(unlessTurnsPassed: seen)
                continue
            }
            for index in subjects.indices {
                let subject = subjects[index]
                switch states[index].call.look(began: subject.monitor.began, now: .now) {
                case .none: break
                case .takeNote: states[index].bytesRead = subject.sockets.bytesRead()
                case .breakOff: subject.sockets.shutDownBusiest(since: states[index].bytesRead)
                }
            }
            DetachedThread.sleep(limit / 4)
        }
    }

    private func sleep(unlessTurnsPassed seen: Int) {
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        if turns.load(ordering: .sequentiallyConsistent) == seen, !isOver {
            wakeUp.wait()
        }
        isAsleep.store(false, ordering: .sequentiallyConsistent)
    }
}

/// Knows since when a shard's thread has been inside libcurl.
// Safe to share: any thread may ask `began`, which is atomic; all else happens on the shard's queue.
final class CallMonitor: @unchecked Sendable {
    let call: OpaquePointer

    init() throws(CurlTransportError) {
        guard let call = webhooks_curl_call_new() else { throw .library }
        self.call = call
    }

    deinit { webhooks_curl_call_free(call) }

    /// The time at which the call began that the thread is in; `nil` outside libcurl.
    var began: MonotonicTime? {
        let nanoseconds = webhooks_curl_call_began(call)
        return nanoseconds == 0 ? nil : MonotonicTime(nanoseconds: nanoseconds)
    }

    /// Runs what calls libcurl.
    func during<R>(_ body: () -> R) -> R {
        webhooks_curl_call_enter(call)
        defer { webhooks_curl_call_leave(call) }
        return body()
    }
}

/// Decides when a thread has been inside libcurl for too long, and what to do about it. Time is an argument.
struct StuckCall {
    enum Action {
        case none
        /// Note how much was read from every socket.
        case takeNote
        /// Shut down the one from which most was read since.
        case breakOff
    }

    let limit: Duration
    /// The call for which a note was taken.
    private var noted: MonotonicTime?

    init(limit: Duration) {
        self.limit = limit
    }

    /// - Parameter began: when the call began that the thread is in; `nil` outside libcurl.
    mutating func look(began: MonotonicTime?, now: MonotonicTime) -> Action {
        guard let began, now - began >= limit / 2 else {
            noted = nil
            return .none
        }
        guard noted == began else {
            noted = began
            return .takeNote
        }
        guard now - began >= limit else { return .none }
        // The next look begins afresh: another connection may go on where this one ended.
        noted = nil
        return .breakOff
    }
}
