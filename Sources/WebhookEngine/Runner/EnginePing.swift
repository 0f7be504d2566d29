internal import Dispatch
internal import Synchronization
internal import WebhookCore

/// A question that takes an attempt's way: the engine's queue, the transport's loop, the store's writer. Its answer is
/// proof that attempts get on, which a timer's tick is not.
package final class EnginePing: Sendable {
    /// A part of the way.
    package enum Part: Int, Sendable, Hashable {
        case engine, transport, store
    }

    private let passed = Atomic(0)

    init() {}

    /// The part that has not answered yet; `nil`: all have.
    package var waitsFor: Part? { Part(rawValue: passed.load(ordering: .acquiring)) }

    fileprivate func pass(_ part: Part) { passed.store(part.rawValue + 1, ordering: .releasing) }
}

extension EngineRunner {
    /// Asks every part whether it still works off what it is given.
    ///
    /// - Parameter completion: called once all have answered, on a queue of the store's; never where one of them hangs, or the
    ///   engine has ended.
    package func ping(_ completion: @escaping @Sendable () -> Void) -> EnginePing {
        let ping = EnginePing()
        queue.async { [weak self] in
            guard let self, fatal == nil else { return }
            ping.pass(.engine)
            transport.ping { [weak self] in
                ping.pass(.transport)
                self?.store.ping {
                    ping.pass(.store)
                    completion()
                }
            }
        }
        return ping
    }
}
