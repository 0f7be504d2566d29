extension Attempt.Phases: JSONForm {
    package func write<Writer: JSONFieldWriter>(to writer: inout Writer) throws(Writer.Failure) {
        try writer.add("dns", milliseconds: dns)
        try writer.add("connect", milliseconds: connect)
        try writer.add("tls", milliseconds: tls)
        try writer.add("firstByte", milliseconds: firstByte)
    }
}

extension Attempt: JSONForm {
    package func write<Writer: JSONFieldWriter>(to writer: inout Writer) throws(Writer.Failure) {
        try writer.add("number", integer: number)
        try writer.add("startedAt", time: startedAt)
        try writer.add("finishedAt", time: finishedAt)
        try writer.add("outcome", outcome?.rawValue)
        try writer.add("status", integer: status)
        try writer.add("error", error?.rawValue)
        try writer.add("detail", detail)
        try writer.add("url", url)
        try writer.add("requestHeaders", headers: requestHeaders)
        try writer.add("requestBody", body: requestBody)
        try writer.add("responseHeaders", headers: responseHeaders)
        try writer.add("responseBody", body: responseBody)
        try writer.add("responseTruncated", flag: responseTruncated)
        try writer.add("remoteAddress", remoteAddress)
        try writer.add("httpVersion", httpVersion)
        try writer.add("connectionReused", flag: connectionReused)
        try writer.add("durationMs", milliseconds: duration)
        try writer.add("phasesMs", object: phases)
    }
}

/// The JSON of an attempt in `webhooks deliveries show --json`.
extension Attempt: Codable {
    /// Reads an attempt; durations are to the microsecond.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: NameKey.self)
        self.init(
            number: try container.value("number"),
            startedAt: try container.value("startedAt"),
            url: try container.value("url"),
            requestHeaders: try container.headers("requestHeaders"),
            requestBody: try container.body("requestBody")
        )
        finishedAt = try container.optional("finishedAt")
        outcome = try container.optional("outcome")
        status = try container.optional("status")
        error = try container.optional("error")
        detail = try container.optional("detail")
        responseHeaders = try container.headers("responseHeaders")
        responseBody = try container.body("responseBody")
        responseTruncated = try container.value("responseTruncated")
        remoteAddress = try container.optional("remoteAddress")
        httpVersion = try container.optional("httpVersion")
        connectionReused = try container.value("connectionReused")
        duration = try container.milliseconds("durationMs")
        let phases = try container.nestedContainer(keyedBy: NameKey.self, forKey: NameKey("phasesMs"))
        self.phases = Phases(
            dns: try phases.milliseconds("dns"),
            connect: try phases.milliseconds("connect"),
            tls: try phases.milliseconds("tls"),
            firstByte: try phases.milliseconds("firstByte")
        )
    }

    /// Writes an attempt. A body that is no UTF-8 goes by a name of its own, in base64.
    public func encode(to encoder: any Encoder) throws { try encodeForm(to: encoder) }
}
