#if Server
    internal import NIOCore
    internal import NIOHTTP1

    /// The handlers between a connection and the requests that are answered.
    struct APIChannel: Sendable {
        let limits: ServerLimits
        let means: AnsweringMeans

        /// Adds them to a connection that was accepted. To be called on its loop.
        func setUp(_ channel: any Channel) throws {
            try restrict(channel)
            var decoding = NIOHTTPDecoderLimitConfiguration()
            decoding.maxHeaderFieldSize = limits.headerField
            decoding.maxHeaderListSize = limits.headers
            decoding.maxHeaderFieldCount = limits.headerCount
            var encoding = HTTPResponseEncoder.Configuration()
            // ``RequestTurns`` does that.
            encoding.automaticallySetFramingHeaders = false
            let turns = RequestTurns(channel, limits, means.connections)
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
            try pipeline.addHandler(RequestAnswers(channel, means))
        }

        /// Bounds what the system keeps for a connection, and what is read of it at a time.
        private func restrict(_ channel: any Channel) throws {
            guard let options = channel.syncOptions else { return }
            let bytes = ChannelOptions.Types.SocketOption.Value(limits.socketBuffer)
            try options.setOption(.socketOption(.so_rcvbuf), value: bytes)
            try options.setOption(.socketOption(.so_sndbuf), value: bytes)
            try options.setOption(.maxMessagesPerRead, value: 1)
        }
    }
#endif
