internal import CWebhooksCurl
internal import Glibc

/// The sockets of one multi handle in an epoll descriptor of their own, with a timer among them.
///
/// Dispatch watches that one descriptor for life. Sockets come and go beneath it, and their numbers are used again at
/// once: an event carries the generation of its registration, and one that is out of date is dropped.
final class Poller {
    /// Something happened on a socket.
    struct Event {
        var socket: Int32
        /// `CURL_CSELECT_…`
        var mask: Int32
    }

    let descriptor: Int32
    private let timer: Int32
    private var armedFor = MonotonicTime.distantFuture
    /// By descriptor: odd while watched.
    private var generations: [UInt32] = []
    private let buffer: UnsafeMutableBufferPointer<epoll_event>

    /// Events per round.
    static let capacity = 256
    private static let timerKey = UInt64.max

    init() throws(CurlTransportError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw .system("epoll_create1", errno) }
        timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK))
        guard timer >= 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw .system("timerfd_create", code)
        }
        buffer = .allocate(capacity: Self.capacity)
        _ = control(EPOLL_CTL_ADD, timer, EPOLLIN.rawValue, Self.timerKey)
    }

    deinit {
        Glibc.close(timer)
        Glibc.close(descriptor)
        buffer.deallocate()
    }

    /// Watches a socket for what libcurl wants (`CURL_POLL_…`); false where the system can't.
    func watch(_ socket: Int32, for what: Int32) -> Bool {
        let events =
            (what & CURL_POLL_IN != 0 ? EPOLLIN.rawValue : 0) | (what & CURL_POLL_OUT != 0 ? EPOLLOUT.rawValue : 0)
        if Int(socket) >= generations.count {
            generations.append(contentsOf: repeatElement(0, count: Int(socket) + 64 - generations.count))
        }
        if generations[Int(socket)] & 1 == 0 { generations[Int(socket)] &+= 1 }
        // Mostly it is registered from the last time. If not, it is new, or was closed, which took the registration along.
        if control(EPOLL_CTL_MOD, socket, events, key(socket)) { return true }
        generations[Int(socket)] &+= 2
        return control(EPOLL_CTL_ADD, socket, events, key(socket))
    }

    /// Stops watching a socket, which may be closed already. An idle connection stays registered for its next use, until
    /// something happens on it.
    func forget(_ socket: Int32) {
        guard Int(socket) < generations.count, generations[Int(socket)] & 1 == 1 else { return }
        generations[Int(socket)] &+= 1
    }

    /// Hands out what has happened, without waiting; returns false when there was room for more.
    func drain(_ handle: (Event) -> Void) -> Bool {
        let count = epoll_wait(descriptor, buffer.baseAddress, Int32(Self.capacity), 0)
        guard count > 0 else { return false }
        for index in 0..<Int(count) {
            let event = buffer[index]
            if event.data.u64 == Self.timerKey {
                consumeTimer()
                continue
            }
            let socket = Int32(truncatingIfNeeded: event.data.u64 & 0xFFFF_FFFF)
            guard key(socket) == event.data.u64 else {
                // Forgotten; or an earlier event of this round has closed the socket, and the number is in use again.
                if generations[Int(socket)] & 1 == 0 { _ = control(EPOLL_CTL_DEL, socket, 0, 0) }
                continue
            }
            handle(Event(socket: socket, mask: Self.mask(event.events)))
        }
        return count == Self.capacity
    }

    /// Makes the descriptor readable at `time` at the latest. A timer that is too early stays: it does no harm.
    func wake(at time: MonotonicTime) {
        guard time < armedFor else { return }
        armedFor = time
        var value = itimerspec()
        // Zero would disarm it.
        let nanoseconds = max(1, time.nanoseconds)
        value.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
        value.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
        timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &value, nil)
    }

    private func consumeTimer() {
        var expirations: UInt64 = 0
        _ = read(timer, &expirations, MemoryLayout<UInt64>.size)
        armedFor = .distantFuture
    }

    private func key(_ socket: Int32) -> UInt64 {
        UInt64(generations[Int(socket)]) << 32 | UInt64(UInt32(bitPattern: socket))
    }

    private func control(_ operation: Int32, _ socket: Int32, _ events: UInt32, _ key: UInt64) -> Bool {
        var event = epoll_event(events: events, data: epoll_data_t(u64: key))
        return epoll_ctl(descriptor, operation, socket, &event) == 0
    }

    private static func mask(_ events: UInt32) -> Int32 {
        // libcurl learns of an error by reading or writing; told of it, it would not read what came before the end.
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { return CURL_CSELECT_IN | CURL_CSELECT_OUT }
        return (events & EPOLLIN.rawValue != 0 ? CURL_CSELECT_IN : 0)
            | (events & EPOLLOUT.rawValue != 0 ? CURL_CSELECT_OUT : 0)
    }
}
