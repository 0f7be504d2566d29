internal import WebhookCore
internal import Webhooks

/// A JSON value to print: on one line, keys in the order in which they were given.
enum JSONOutput: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByNilLiteral {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number's text.
    case number(String)
    case text(String)
    /// JSON from elsewhere; white space between its tokens is left out.
    case raw(ByteString)
    case array([JSONOutput])
    case object([(String, JSONOutput)])

    init(dictionaryLiteral elements: (String, JSONOutput)...) { self = .object(elements) }
    init(arrayLiteral elements: JSONOutput...) { self = .array(elements) }
    init(nilLiteral: ()) { self = .null }

    static func string(_ text: String?) -> JSONOutput { text.map(JSONOutput.text) ?? .null }
    static func integer(_ value: Int?) -> JSONOutput { value.map { .integer(Int64($0)) } ?? .null }
    static func strings(_ texts: [String]) -> JSONOutput { .array(texts.map(JSONOutput.text)) }
    static func time(_ time: Timestamp?) -> JSONOutput { .string(time?.description) }

    /// Milliseconds with up to three decimals.
    static func milliseconds(_ duration: Duration?) -> JSONOutput {
        duration.map { .number(Milliseconds.text($0)) } ?? .null
    }

    /// The members of a value that has a form in JSON, to which others may be added.
    static func members(of value: some JSONForm) -> [(String, JSONOutput)] {
        var members = Members()
        value.write(to: &members)
        return members.all
    }

    private struct Members: JSONFieldWriter {
        typealias Failure = Never
        var all: [(String, JSONOutput)] = []

        mutating func add(_ key: String, _ text: String?) { all.append((key, .string(text))) }
        mutating func add(_ key: String, integer: Int?) { all.append((key, .integer(integer))) }
        mutating func add(_ key: String, flag: Bool) { all.append((key, .bool(flag))) }
        mutating func add(_ key: String, milliseconds: Duration?) { all.append((key, .milliseconds(milliseconds))) }
        mutating func add(_ key: String, object: some JSONForm) {
            all.append((key, .object(JSONOutput.members(of: object))))
        }
        mutating func add(_ key: String, headers: [HTTPHeader]) {
            all.append((key, .array(headers.map { [.text($0.name), .text($0.value)] })))
        }
    }

    /// An object with further members.
    func adding(_ members: [(String, JSONOutput)]) -> JSONOutput {
        guard case .object(let own) = self else { return self }
        return .object(own + members)
    }

    /// The value on one line.
    var line: String { String(decoding: bytes, as: UTF8.self) }

    var bytes: [UInt8] {
        var output: [UInt8] = []
        append(to: &output)
        return output
    }

    /// Prints it to stdout, with a line feed.
    func write() { Output.standard.write(bytes + [UInt8(ascii: "\n")]) }

    private func append(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .integer(let value): output += String(value).utf8
        case .number(let text): output += text.utf8
        case .text(let text): JSONEscaping.append(text, to: &output)
        case .raw(let document): JSONEscaping.appendCompact(document, to: &output)
        case .array(let items):
            output.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                item.append(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, (key, value)) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSONEscaping.append(key, to: &output)
                output.append(UInt8(ascii: ":"))
                value.append(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }
}

/// JSON that is safe on a terminal too: what acts there is escaped, which changes no value.
enum JSONEscaping {
    /// Appends a text as a JSON string, quotes included.
    static func append(_ text: String, to output: inout [UInt8]) {
        guard text.unicodeScalars.contains(where: { $0.value > 0x7E && PlainText.isUnsafe($0) }) else {
            return JSON.appendString(text, to: &output)
        }
        output.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            if scalar.value > 0x7E, PlainText.isUnsafe(scalar) {
                appendEscape(scalar, to: &output)
            } else {
                JSON.appendEscaped(String(scalar), to: &output)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Appends a valid document without the white space between its tokens.
    static func appendCompact(_ document: ByteString, to output: inout [UInt8]) {
        var isInString = false
        var isEscaped = false
        for byte in terminalSafe(document) {
            if isInString {
                output.append(byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if byte > 0x20 {
                isInString = byte == UInt8(ascii: "\"")
                output.append(byte)
            }
        }
    }

    /// A valid document as it may go to a terminal. What acts there can only stand within strings, so escapes replace it.
    static func terminalSafe(_ document: ByteString) -> [UInt8] {
        let bytes = document.bytes
        guard bytes.contains(where: { $0 > 0x7E }) else { return bytes }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        for scalar in document.text.unicodeScalars {
            if scalar.value > 0x7E, PlainText.isUnsafe(scalar) {
                appendEscape(scalar, to: &output)
            } else {
                output += String(scalar).utf8
            }
        }
        return output
    }

    /// `\u` and four hexadecimal digits, two times outside the basic plane.
    private static func appendEscape(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
        for unit in UTF16.encode(scalar).map(Array.init) ?? [] {
            let digits = String(unit, radix: 16)
            output += "\\u".utf8
            output += [UInt8](repeating: UInt8(ascii: "0"), count: 4 - digits.utf8.count)
            output += digits.utf8
        }
    }
}
