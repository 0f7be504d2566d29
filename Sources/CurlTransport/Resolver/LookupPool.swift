internal import Dispatch
internal import Glibc
internal import WebhookCore

/// The threads of a ``SystemResolver``.
final class LookupPool: Sendable {
    typealias Answer = Result<[IPAddress], ResolutionError>
    typealias Completion = @Sendable (Answer) -> Void

    private struct Shared {
        var resolver: ResolverState<Completion>
        var nextTicket: UInt64 = 0
        var isStopped = false
    }

    private let shared: Locked<Shared>
    private let lookup: @Sendable (String) -> Answer
    /// Signalled once for every name that is queued.
    private let names = DispatchSemaphore(value: 0)
    private let threadLimit: Int

    init(limits: ResolverLimits, lookup: @escaping @Sendable (String) -> Answer) {
        shared = Locked(Shared(resolver: ResolverState(limits: limits)))
        threadLimit = limits.threads
        self.lookup = lookup
    }

    /// Answers at once, or returns the ticket to give up with.
    func request(_ host: String, completion: @escaping Completion) -> UInt64? {
        let now = MonotonicTime.now
        let (admission, ticket) = shared.withLock { shared in
            shared.nextTicket += 1
            let ticket = shared.nextTicket
            return (shared.resolver.request(host, ticket: ticket, waiter: completion, now: now), ticket)
        }
        switch admission {
        case .answer(let answer):
            completion(answer)
            return nil
        case .wait(let needsThread):
            names.signal()
            if needsThread && !startThread() { threadMissing() }
            return ticket
        }
    }

    /// Answers a caller whose time is up, unless it has been answered.
    func giveUp(_ host: String, ticket: UInt64) {
        let completion = shared.withLock { $0.resolver.giveUp(host, ticket: ticket) }
        completion?(.failure(.timedOut))
    }

    /// Lets the threads end when they are done with what they do.
    func stop() {
        shared.withLock { $0.isStopped = true }
        for _ in 0..<threadLimit { names.signal() }
    }

    private func work() {
        while true {
            while let name = shared.withLock({ $0.isStopped ? nil : $0.resolver.nextName() }) {
                let answer = lookup(name.host)
                let now = MonotonicTime.now
                let completions = shared.withLock {
                    $0.resolver.finish(name.host, isProven: name.isProven, answer: answer, now: now)
                }
                for completion in completions { completion(answer) }
            }
            let ends = shared.withLock { shared in
                if !shared.isStopped { shared.resolver.threadWaits() }
                return shared.isStopped
            }
            if ends { return }
            names.wait()
            shared.withLock { $0.resolver.threadWakes() }
        }
    }

    /// Without a single thread nobody would ever look up what is queued.
    private func threadMissing() {
        let completions = shared.withLock { shared in
            shared.resolver.threadMissing()
            return shared.resolver.hasThreads ? [] : shared.resolver.abandonAll()
        }
        for completion in completions { completion(.failure(.exhausted)) }
    }

    private func startThread() -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // The system's name services keep buffers on the stack; far below the usual 8 MB all the same.
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        var thread = pthread_t()
        let reference = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<LookupPool>.fromOpaque(context).takeRetainedValue().work()
                return nil
            },
            reference.toOpaque()
        )
        if code != 0 { reference.release() }
        return code == 0
    }
}
