#if Server
    internal import HummingbirdCore
    internal import Logging
    internal import NIOCore
    internal import NIOHTTP1
    internal import NIOHTTPTypes
    internal import NIOHTTPTypesHTTP1

    /// The handlers between a connection and the requests that are answered.
    struct APIChannel: HTTPChannelHandler {
        typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

        let responder: HTTPChannelHandler.Responder
        let limits: ServerLimits
        let connections: Connections

        func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
            channel.eventLoop.makeCompletedFuture {
                try restrict(channel)
                var decoding = NIOHTTPDecoderLimitConfiguration()
                decoding.maxHeaderFieldSize = limits.headerField
                decoding.maxHeaderListSize = limits.headers
                decoding.maxHeaderFieldCount = limits.headerCount
                var encoding = HTTPResponseEncoder.Configuration()
                // ``RequestTurns`` does that.
                encoding.automaticallySetFramingHeaders = false
                let turns = RequestTurns(channel, limits, connections)
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(ReadAhead(turns, limits))
                try pipeline.configureHTTPServerPipeline(
                    withPipeliningAssistance: false,
                    withErrorHandling: false,
                    withOutboundHeaderValidation: false,
                    withEncoderConfiguration: encoding,
                    withDecoderLimitConfiguration: decoding
                )
                try pipeline.addHandler(turns)
                try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
                return try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true)
                )
            }
        }

        /// Bounds what the system keeps for a connection, and what is read of it at a time.
        private func restrict(_ channel: any Channel) throws {
            guard let options = channel.syncOptions else { return }
            let bytes = ChannelOptions.Types.SocketOption.Value(limits.socketBuffer)
            try options.setOption(.socketOption(.so_rcvbuf), value: bytes)
            try options.setOption(.socketOption(.so_sndbuf), value: bytes)
            try options.setOption(.maxMessagesPerRead, value: 1)
        }

        func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
    }
#endif
