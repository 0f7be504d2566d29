/// A value whose form in JSON is an object: on the command line, in exports and by `Encodable` alike.
package protocol JSONForm {
    /// Hands out the members in their order.
    func write<Writer: JSONFieldWriter>(to writer: inout Writer) throws(Writer.Failure)
}

/// Takes the members of an object, in order. `nil` is null.
package protocol JSONFieldWriter {
    associatedtype Failure: Error

    mutating func add(_ key: String, _ text: String?) throws(Failure)
    mutating func add(_ key: String, integer: Int?) throws(Failure)
    mutating func add(_ key: String, flag: Bool) throws(Failure)
    /// Milliseconds with up to three decimals.
    mutating func add(_ key: String, milliseconds: Duration?) throws(Failure)
    /// Pairs of name and value.
    mutating func add(_ key: String, headers: [HTTPHeader]) throws(Failure)
    mutating func add(_ key: String, object: some JSONForm) throws(Failure)
}

extension JSONFieldWriter {
    package mutating func add(_ key: String, time: Timestamp?) throws(Failure) {
        try add(key, time?.description)
    }

    /// A body as text, or under another name in base64 where it is none.
    package mutating func add(_ key: String, body: ByteString) throws(Failure) {
        if let text = body.validatedText {
            try add(key, text)
        } else {
            try add(key + "Base64", Base64.encode(body))
        }
    }
}

/// A duration in milliseconds, with up to three decimals.
package enum Milliseconds {
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        var text = String(microseconds / 1000)
        var fraction = String(microseconds % 1000 + 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        if !fraction.isEmpty { text += "." + fraction }
        return text
    }

    /// The duration of a number of milliseconds, to the microsecond.
    static func duration(_ milliseconds: Double) throws -> Duration {
        guard milliseconds.isFinite, abs(milliseconds) < 1e15 else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no duration"))
        }
        return .microseconds(Int64((milliseconds * 1000).rounded()))
    }
}

/// Writes members into an encoder's container.
private struct CodingFieldWriter: JSONFieldWriter {
    var container: KeyedEncodingContainer<NameKey>

    mutating func add(_ key: String, _ text: String?) throws { try container.encode(text, forKey: NameKey(key)) }
    mutating func add(_ key: String, integer: Int?) throws { try container.encode(integer, forKey: NameKey(key)) }
    mutating func add(_ key: String, flag: Bool) throws { try container.encode(flag, forKey: NameKey(key)) }

    mutating func add(_ key: String, milliseconds: Duration?) throws {
        try container.encode(milliseconds.map { Double(Milliseconds.text($0)) ?? 0 }, forKey: NameKey(key))
    }

    mutating func add(_ key: String, headers: [HTTPHeader]) throws {
        try container.encode(headers.map { [$0.name, $0.value] }, forKey: NameKey(key))
    }

    mutating func add(_ key: String, object: some JSONForm) throws {
        var nested = CodingFieldWriter(
            container: container.nestedContainer(keyedBy: NameKey.self, forKey: NameKey(key))
        )
        try object.write(to: &nested)
    }
}

extension JSONForm {
    /// Encodes the members.
    package func encodeForm(to encoder: any Encoder) throws {
        var writer = CodingFieldWriter(container: encoder.container(keyedBy: NameKey.self))
        try write(to: &writer)
    }
}

extension KeyedDecodingContainer<NameKey> {
    func value<Value: Decodable>(_ key: String, as type: Value.Type = Value.self) throws -> Value {
        try decode(Value.self, forKey: NameKey(key))
    }

    /// `nil` for null, and for what isn't there.
    func optional<Value: Decodable>(_ key: String, as type: Value.Type = Value.self) throws -> Value? {
        try decodeIfPresent(Value.self, forKey: NameKey(key))
    }

    func milliseconds(_ key: String) throws -> Duration? {
        try optional(key, as: Double.self).map { try Milliseconds.duration($0) }
    }

    func headers(_ key: String) throws -> [HTTPHeader] {
        try value(key, as: [[String]].self).map { pair in
            guard pair.count == 2 else { throw failure(key, "a header must be a name and a value") }
            return HTTPHeader(pair[0], pair[1])
        }
    }

    func body(_ key: String) throws -> ByteString {
        if let text = try optional(key, as: String.self) { return ByteString(text) }
        guard let bytes = Base64.decode(try value(key + "Base64", as: String.self)) else {
            throw failure(key + "Base64", "this must be base64")
        }
        return bytes
    }

    func delivery(_ key: String) throws -> Delivery.ID? {
        guard let text = try optional(key, as: String.self) else { return nil }
        guard let id = Delivery.ID(text) else { throw failure(key, "this must be a delivery's id") }
        return id
    }

    func failure(_ key: String, _ message: String) -> DecodingError {
        DecodingError.dataCorruptedError(forKey: NameKey(key), in: self, debugDescription: message)
    }
}
