internal import CWebhooksEpoll
internal import Glibc

/// Wakes a ``Poller`` from any thread.
struct Waker {
    let descriptor: Int32

    func wake() {
        eventfd_write(descriptor, 1)
    }
}

/// An epoll descriptor and an eventfd that wakes its waiter.
struct Poller {
    /// The readiness of a descriptor.
    struct Event {
        var descriptor: Int32
        /// The number that the descriptor was added with.
        var number: UInt32
        var flags: UInt32
    }

    static let readable = EPOLLIN.rawValue
    static let writable = EPOLLOUT.rawValue
    /// Reset, or closed by both sides.
    static let broken = EPOLLERR.rawValue | EPOLLHUP.rawValue

    private let epoll: Int32
    let waker: Waker
    private var events = [epoll_event](repeating: epoll_event(), count: 512)

    init() throws(ReceiverError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw .last("epoll_create1") }
        let wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard wakeDescriptor >= 0 else {
            let failure = ReceiverError.last("eventfd")
            close(epoll)
            throw failure
        }
        waker = Waker(descriptor: wakeDescriptor)
        set(wakeDescriptor, number: 0, Self.readable, isNew: true)
    }

    func set(_ descriptor: Int32, number: UInt32, _ flags: UInt32, isNew: Bool) {
        var event = epoll_event()
        event.events = flags
        event.data.u64 = UInt64(number) << 32 | UInt64(UInt32(bitPattern: descriptor))
        epoll_ctl(epoll, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event)
    }

    /// Waits for at most `milliseconds`, or without end if negative; returns how many events there are to look at.
    mutating func wait(milliseconds: Int32) -> Int {
        Int(max(epoll_wait(epoll, &events, Int32(events.count), milliseconds), 0))
    }

    /// One of the events of the last wait; `nil` for a waking.
    func event(_ index: Int) -> Event? {
        let data = events[index].data.u64
        let descriptor = Int32(truncatingIfNeeded: data)
        if descriptor == waker.descriptor {
            var value: eventfd_t = 0
            eventfd_read(descriptor, &value)
            return nil
        }
        return Event(descriptor: descriptor, number: UInt32(data >> 32), flags: events[index].events)
    }

    func closeAll() {
        close(epoll)
        close(waker.descriptor)
    }
}
