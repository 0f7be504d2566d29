internal import WebhookCore

/// A text of the configuration with constants of its subscription in it: `/hooks/{{vars.school}}`.
///
/// They are put in once, when the file is loaded. What comes out is judged like a text that stood there from the start.
struct VariableText {
    private enum Part {
        case text(Substring)
        case variable(Substring)
        /// Braces around anything else.
        case other(Substring)
    }

    private let parts: [Part]

    init(_ text: String) {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "{{") {
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else { break }
            parts.append(.text(rest[..<open.lowerBound]))
            let tag = Self.trimmed(rest[open.upperBound..<close.lowerBound])
            if tag.hasPrefix("vars."), VariableRules.isName(String(tag.dropFirst(5))) {
                parts.append(.variable(tag.dropFirst(5)))
            } else {
                parts.append(.other(rest[open.lowerBound..<close.upperBound]))
            }
            rest = rest[close.upperBound...]
        }
        self.parts = parts + [.text(rest)]
    }

    /// The constants that it asks for.
    var names: [String] {
        parts.compactMap { part in
            if case .variable(let name) = part { String(name) } else { nil }
        }
    }

    /// True when there are braces around something that is no constant.
    var hasOther: Bool {
        parts.contains { part in
            if case .other = part { true } else { false }
        }
    }

    /// The text with its constants; what has none is left as it stands.
    func text(_ value: (_ name: String) -> String) -> String {
        parts.reduce(into: "") { text, part in
            switch part {
            case .text(let part), .other(let part): text += part
            case .variable(let name): text += value(String(name))
            }
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " }
        return start.lastIndex { $0 != " " }.map { start[...$0] } ?? ""
    }
}

extension [Variable] {
    /// A constant as text.
    func text(of name: String) -> String? {
        switch first(where: { $0.name == name })?.value {
        case .text(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case nil: nil
        }
    }
}

/// `url:` → the endpoint, with the subscription's constants in its path and query.
struct EndpointLoader {
    let problems: Problems
    let variables: [Variable]

    func load(_ text: Located<SourcedText>) -> Located<EndpointURL>? {
        guard let url = expanded(text) else { return nil }
        switch EndpointURLParser.parse(url, isSecret: text.value.isExternal) {
        case .success(let url): return Located(value: url, place: text.place)
        case .failure(let error): return fail(text, "`url` \(error)")
        }
    }

    /// The URL with its constants, percent-encoded: none can end a part of the path or begin a query.
    private func expanded(_ source: Located<SourcedText>) -> String? {
        let text = source.value.value
        guard text.contains("{{"), let scheme = text.firstRange(of: "://") else { return text }
        let rest = text[scheme.upperBound...]
        let path = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        // What the egress policy judges must not hang on anything else.
        guard !rest[..<path].contains("{{") else {
            return fail(source, "`url` can't take its host or port from `vars`: write them out")
        }
        let template = VariableText(String(rest[path...]))
        guard !template.hasOther else {
            return fail(source, "`url` takes constants of `vars` alone, {{vars.NAME}}: no event changes where it goes")
        }
        for name in template.names {
            guard let value = variables.text(of: name) else {
                // Of a URL that is not to be shown nothing is named.
                let hidden = "`url` asks for a constant that `vars` lacks"
                return fail(source, source.value.isExternal ? hidden : VariableRules.missing(name, variables))
            }
            guard !value.isEmpty else { return fail(source, "`url` asks for a constant of `vars` that is empty") }
            // Encoded they would arrive all the same, at whatever decodes the path.
            guard !value.hasControlCharacters else {
                return fail(source, "`url` asks for a constant of `vars` that holds control characters")
            }
            guard !Self.climbs(value) else {
                return fail(source, "`url` asks for a constant of `vars` that has `.` or `..` as a part of a path")
            }
        }
        let target = template.text { PercentEncoding.encode(variables.text(of: $0) ?? "", where: Self.isEncoded) }
        let before = Self.segments(rest[path...])
        guard !zip(before, Self.segments(target[...])).contains(where: { $0 != $1 && [".", ".."].contains($1) }) else {
            return fail(source, "a constant of `vars` makes `.` or `..` of a part of the path in `url`")
        }
        return text[..<path] + target
    }

    /// Tells whether a constant of several parts has one that stands for a folder above or the same.
    private static func climbs(_ value: String) -> Bool {
        let parts = value.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
        return parts.count > 1 && parts.contains { $0 == "." || $0 == ".." }
    }

    private static func segments(_ target: Substring) -> [Substring] {
        target.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// All but `unreserved` of RFC 3986.
    private static func isEncoded(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            false
        default: !"-._~".utf8.contains(byte)
        }
    }

    private func fail<Value>(_ source: Located<SourcedText>, _ message: String) -> Value? {
        problems.error(source.place, message)
        return nil
    }
}

extension [Located<ConfiguredHeader>] {
    /// The headers with the subscription's constants in the values that stand in the file.
    func expanded(_ variables: [Variable], _ problems: Problems) -> [Located<ConfiguredHeader>] {
        map { header in
            guard case .plain(let text) = header.value.value, text.contains("{{") else { return header }
            let template = VariableText(text)
            if template.hasOther {
                let message = "braces are sent as they stand here, but for constants of `vars`: {{vars.NAME}}"
                problems.warning(header.place, message)
            }
            for name in template.names {
                guard let value = variables.text(of: name) else {
                    problems.error(header.place, VariableRules.missing(name, variables))
                    continue
                }
                if value.isEmpty {
                    problems.error(header.place, "the header asks for a constant of `vars` that is empty")
                }
            }
            let value = template.text { variables.text(of: $0) ?? "" }
            return header.map { ConfiguredHeader(name: $0.name, value: .plain(value)) }
        }
    }
}
