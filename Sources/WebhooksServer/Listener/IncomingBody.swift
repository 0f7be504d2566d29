#if Server
    internal import NIOCore
    internal import Synchronization

    /// A request's body on its way: what has come waits here until it is taken.
    final class IncomingBody: AsyncSequence, Sendable {
        /// The body has ended before its end.
        struct Broken: Error {}

        private struct State {
            var bytes = ByteBuffer()
            var isWhole = false
            var isBroken = false
            var reader: CheckedContinuation<Void, Never>?

            var isOver: Bool { isWhole || isBroken }
        }

        private let state = Mutex(State())
        private let onTaken: @Sendable () -> Void

        /// - Parameter onTaken: is called when more may come.
        init(onTaken: @escaping @Sendable () -> Void) { self.onTaken = onTaken }

        /// Tells whether bytes wait, and more are to come.
        var isWaiting: Bool { state.withLock { !$0.isOver && $0.bytes.readableBytes > 0 } }

        func append(_ part: ByteBuffer) {
            var part = part
            change { state in
                if state.bytes.readableBytes == 0 { state.bytes = part } else { state.bytes.writeBuffer(&part) }
            }
        }

        /// The body is whole.
        func end() { change { $0.isWhole = true } }

        /// No more will come, and it is not whole.
        func fail() { change { if !$0.isWhole { $0.isBroken = true } } }

        private func change(_ body: (inout State) -> Void) {
            let reader = state.withLock { state in
                body(&state)
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume()
        }

        struct Iterator: AsyncIteratorProtocol {
            let body: IncomingBody

            /// All that has come since the last time.
            func next() async throws -> ByteBuffer? {
                while true {
                    let (bytes, end) = try body.take()
                    if bytes.readableBytes > 0 { return bytes }
                    if end { return nil }
                    await body.somethingComes()
                }
            }
        }

        func makeAsyncIterator() -> Iterator { Iterator(body: self) }

        private func take() throws -> (bytes: ByteBuffer, isWhole: Bool) {
            let (bytes, isWhole, isBroken) = state.withLock { state in
                defer { state.bytes = ByteBuffer() }
                return (state.bytes, state.isWhole, state.isBroken)
            }
            if isBroken { throw Broken() }
            if !isWhole, bytes.readableBytes > 0 { onTaken() }
            return (bytes, isWhole)
        }

        private func somethingComes() async {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.isOver || state.bytes.readableBytes > 0 { return true }
                    state.reader = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        }
    }
#endif
