internal import Synchronization
internal import WebhookCore

/// One line on stderr that is written over and over: only on a terminal, and only once something takes longer than a second.
final class ProgressLine: Sendable {
    private struct State {
        var isVisible = false
        var lastDrawn: ContinuousClock.Instant?
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    func update(_ text: @autoclosure () -> String) {
        let terminal = Terminal.standardError
        let now = ContinuousClock.now
        guard terminal.isTerminal, now - start > .seconds(1) else { return }
        state.withLock { state in
            if let last = state.lastDrawn, now - last < .milliseconds(100) { return }
            state.lastDrawn = now
            state.isVisible = true
            let line = TextWidth.fitted(text(), to: (terminal.width ?? 80) - 1)
            Output.error.write("\r\u{1B}[K" + terminal.styled(line, .dim))
        }
    }

    /// Takes the line away.
    func clear() {
        state.withLock { state in
            if state.isVisible { Output.error.write("\r\u{1B}[K") }
            state.isVisible = false
        }
    }
}
