import Foundation
import Synchronization

/// Ends the process over an input that takes for ever, and says which it was: nothing else could, since the check never
/// comes back.
final class Watchdog: Sendable {
    private let current = Mutex<(input: [UInt8], since: ContinuousClock.Instant)?>(nil)
    private static let patience: Duration = .seconds(60)

    init(name: String) {
        Self.look(name, self)
    }

    func begin(_ input: [UInt8]) { current.withLock { $0 = (input, .now) } }

    func end() { current.withLock { $0 = nil } }

    /// Looks every few seconds for as long as there is somebody to watch.
    private static func look(_ name: String, _ watched: Watchdog) {
        DispatchQueue.global().asyncAfter(deadline: .now() + 5) { [weak watched] in
            guard let watched else { return }
            if let (input, since) = watched.current.withLock({ $0 }), ContinuousClock.now - since > patience {
                fatalError("\(name): no end in sight for \(Fuzzer.spell(input))")
            }
            look(name, watched)
        }
    }
}
