#if Server
    internal import HTTPTypes
    internal import NIOCore
    internal import NIOHTTPTypes

    /// Closes a connection whose other side takes too long: with a request's head (idle connections alike), with its body,
    /// or with reading the answer.
    ///
    /// It stands behind the decoder, so that bytes that trickle in don't count as progress; whole parts do.
    final class SlowClientGuard: ChannelDuplexHandler, RemovableChannelHandler {
        typealias InboundIn = HTTPRequestPart
        typealias InboundOut = HTTPRequestPart
        typealias OutboundIn = HTTPResponsePart
        typealias OutboundOut = HTTPResponsePart

        private enum Phase {
            case idle, body, answering
        }

        private let limits: ServerLimits
        private var phase = Phase.idle
        private var timer: Scheduled<Void>?
        /// `true` once the answer has left although the body is still coming.
        private var isAnswered = false

        init(_ limits: ServerLimits) { self.limits = limits }

        func handlerAdded(context: ChannelHandlerContext) { start(limits.idle, context) }

        func handlerRemoved(context: ChannelHandlerContext) {
            timer?.cancel()
            timer = nil
        }

        func channelInactive(context: ChannelHandlerContext) {
            timer?.cancel()
            timer = nil
            context.fireChannelInactive()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head:
                (phase, isAnswered) = (.body, false)
                start(limits.body, context)
            case .body: break
            case .end:
                if phase == .body {
                    timer?.cancel()
                    timer = nil
                    phase = isAnswered ? .idle : .answering
                    if isAnswered { start(limits.idle, context) }
                }
            }
            context.fireChannelRead(data)
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            let isEnd = if case .end = unwrapOutboundIn(data) { true } else { false }
            guard !(phase == .body && isEnd) else {
                // Answered before the body was read whole: its time goes on.
                isAnswered = true
                context.write(data, promise: promise)
                return
            }
            if phase != .body {
                let done = promise ?? context.eventLoop.makePromise()
                start(limits.write, context)
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                done.futureResult.whenSuccess {
                    let (guardian, context) = bound.value
                    guardian.written(isEnd, context)
                }
                context.write(data, promise: done)
            } else {
                context.write(data, promise: promise)
            }
        }

        /// A part is with the system: what follows has its own time.
        private func written(_ isEnd: Bool, _ context: ChannelHandlerContext) {
            timer?.cancel()
            timer = nil
            guard isEnd else { return }
            phase = .idle
            start(limits.idle, context)
        }

        private func start(_ limit: Duration, _ context: ChannelHandlerContext) {
            timer?.cancel()
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            timer = context.eventLoop.scheduleTask(in: TimeAmount(limit)) { bound.value.close(promise: nil) }
        }
    }
#endif
