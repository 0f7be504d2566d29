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
        guard let duration else { return .null }
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        var text = String(microseconds / 1000)
        var fraction = String(microseconds % 1000 + 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        if !fraction.isEmpty { text += "." + fraction }
        return .number(text)
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
