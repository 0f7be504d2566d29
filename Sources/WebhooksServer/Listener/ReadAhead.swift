#if Server
    internal import NIOCore

    /// Keeps the bytes that a connection sends before their turn: no request is parsed while the one before waits for its
    /// answer, and nothing more is read from the system meanwhile.
    final class ReadAhead: ChannelDuplexHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer
        typealias OutboundIn = IOData
        typealias OutboundOut = IOData

        /// The bytes that are parsed at a time: the requests that fit into them may be parsed before their turn.
        private static let piece = 1024
        private static let pieceOfBody = 16 << 10

        private let turns: RequestTurns
        private let limits: ServerLimits
        private var held = ByteBuffer()
        private var isReadWanted = false
        private var isFeeding = false
        /// Tells whether the other side has ended behind what is held.
        private var hasEnded = false
        private var context: ChannelHandlerContext?

        init(_ turns: RequestTurns, _ limits: ServerLimits) { (self.turns, self.limits) = (turns, limits) }

        func handlerAdded(context: ChannelHandlerContext) {
            self.context = context
            turns.onTurnOver = { [unowned self] in goOn() }
        }

        func handlerRemoved(context: ChannelHandlerContext) {
            self.context = nil
            turns.onTurnOver = nil
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            guard !turns.isClosing else { return }
            // At the end of a connection the system hands over all that it has, unasked.
            guard held.readableBytes + bytes.readableBytes <= limits.readAhead else {
                return context.close(promise: nil)
            }
            if held.readableBytes == 0 { held = bytes } else { held.writeBuffer(&bytes) }
            feed(context)
        }

        private func feed(_ context: ChannelHandlerContext) {
            guard !isFeeding else { return }
            isFeeding = true
            defer { isFeeding = false }
            while !turns.isHolding, !turns.isClosing, held.readableBytes > 0 {
                turns.bytesCame()
                let size = min(held.readableBytes, turns.isReadingBody ? Self.pieceOfBody : Self.piece)
                guard let piece = held.readSlice(length: size) else { break }
                context.fireChannelRead(wrapInboundOut(piece))
            }
            if turns.isClosing || held.readableBytes == 0 {
                held = ByteBuffer()
            } else if held.storageCapacity > 2 * held.readableBytes {
                // Not the whole buffer for the sake of its rest.
                held = ByteBuffer(buffer: held)
            }
            guard hasEnded, held.readableBytes == 0 else { return }
            hasEnded = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }

        /// Goes on with what was held: a turn is over.
        private func goOn() {
            guard let context, !isFeeding else { return }
            if held.readableBytes > 0 {
                feed(context)
                context.fireChannelReadComplete()
            }
            if isReadWanted, mayRead {
                isReadWanted = false
                context.read()
            }
        }

        private var mayRead: Bool { !turns.isHolding && held.readableBytes == 0 }

        func read(context: ChannelHandlerContext) {
            if mayRead { context.read() } else { isReadWanted = true }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .some(.inputClosed) = event as? ChannelEvent, held.readableBytes > 0 {
                hasEnded = true
            } else {
                context.fireUserInboundEventTriggered(event)
            }
        }
    }
#endif
