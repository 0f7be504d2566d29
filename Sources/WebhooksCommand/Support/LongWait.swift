/// Says on stderr that something takes long: on a terminal as a line that counts the seconds, elsewhere once after two.
struct LongWait: Sendable {
    private let task: Task<Void, Never>

    /// - Parameter what: what is waited for, to go behind "waiting ".
    init(_ what: String) {
        task = Task {
            let start = ContinuousClock.now
            let line = ProgressLine()
            defer { line.clear() }
            guard Terminal.standardError.isTerminal else {
                guard (try? await Task.sleep(for: .seconds(2))) != nil else { return }
                return Progress.say("waiting \(what)")
            }
            while (try? await Task.sleep(for: .milliseconds(200))) != nil {
                line.update("waiting \(what), \((ContinuousClock.now - start).components.seconds) s")
            }
        }
    }

    /// Ends it, and takes the line away.
    func end() async {
        task.cancel()
        await task.value
    }
}
