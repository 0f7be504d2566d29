internal import Synchronization
internal import WebhookCore

/// The mark of what is rendered on the engine's queue, and beside it for longer: there is one mark for both.
///
/// What ends the process while both are under way is put down to the engine's, which takes microseconds. It is tried again.
final class SharedMark: Sendable {
    private struct State {
        var engines: MarkedRendering?
        var beside: MarkedRendering?
    }

    private let mark: any RenderingMark
    private let state = Mutex(State())

    init(_ mark: any RenderingMark) { self.mark = mark }

    var interrupted: Int64? { mark.interrupted }
    var deadly: Set<Delivery.ID> { mark.deadly }

    /// Marks what is rendered on the engine's queue, or takes that mark away.
    func set(_ rendering: MarkedRendering?) { change { $0.engines = rendering } }

    /// Marks what is rendered beside, or takes that mark away.
    func setBeside(_ rendering: MarkedRendering?) { change { $0.beside = rendering } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            mark.set(state.engines ?? state.beside)
        }
    }
}
