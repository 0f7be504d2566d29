internal import WebhookCore

/// `headers:` → configured headers, in order. Whether they collide with the profile's is judged per subscription.
struct HeaderLoader {
    let context: LoadContext

    /// The headers with the places of their names.
    func load(_ section: Section) -> [Located<ConfiguredHeader>] {
        guard let node = section.container("headers") else { return [] }
        guard case .mapping(let members) = node.value else {
            if case .null = node.value { return [] }
            return section.read.fail(node, "`headers` must be a mapping of names to values") ?? []
        }
        var names: [String: SourcePlace] = [:]
        var headers: [Located<ConfiguredHeader>] = []
        for member in members {
            guard check(member, against: &names) else { continue }
            let value = SourceReader(context: context).text(member.value, "the header \(member.key)")
            guard let value else { continue }
            if let problem = HeaderRules.problem(ofValue: value.value.value, named: "the header \(member.key)") {
                context.problems.error(value.place, problem)
                continue
            }
            let text = value.value.value
            let header = ConfiguredHeader(
                name: member.key,
                value: value.value.isExternal ? .secret(Secret(text)) : .plain(text)
            )
            headers.append(Located(value: header, place: member.place))
        }
        return headers
    }

    private func check(_ member: ConfigNode.Member, against names: inout [String: SourcePlace]) -> Bool {
        if let problem = HeaderRules.problem(ofName: member.key) {
            context.problems.error(member.place, problem)
            return false
        }
        let name = member.key.lowercased()
        if let first = names.updateValue(member.place, forKey: name) {
            context.problems.error(member.place, "the header \(member.key) stands here twice\(first.reference)")
            return false
        }
        return true
    }
}

/// Rules for a header's name and value (RFC 9110, sections 5.1, 5.5 and 5.6.2).
enum HeaderRules {
    /// Names that the HTTP layer owns, in lower case.
    static let reserved: Set<String> = [
        "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "expect",
        // Parts of a representation (RFC 9110 section 14): a body is sent whole, and an answer is read whole.
        "range", "if-range", "content-range",
        // For one hop alone (RFC 9110 section 7.6.1), and forbidden under HTTP/2.
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "upgrade", "http2-settings",
    ]

    /// Tells whether a name is a token.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 256
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains($0)
                }
            }
    }

    /// A name as receivers read it that don't tell case, nor `_` from `-`, as those behind CGI or WSGI.
    static func folded(_ name: String) -> String { name.lowercased().replacing("_", with: "-") }

    /// The reason why a name can't be configured; `nil` where it can.
    static func problem(ofName name: String) -> String? {
        guard isName(name) else { return "this is not a header's name: letters, digits and - (RFC 9110)" }
        guard reserved.contains(folded(name)) else { return nil }
        let hint = name.lowercased() == "content-type" ? "; choose it with `contentType`" : ""
        return "the header \(name) cannot be configured: it is set by HTTP itself\(hint)"
    }

    /// The reason why a value can't be sent; `nil` where it can. Never quotes it.
    static func problem(ofValue value: String, named name: String) -> String? {
        guard isValue(value) else { return SourceReader.controlCharacters(name) }
        return value.utf8.count <= HTTPHeader.maxValueSize ? nil : "\(name) is longer than 16 KiB"
    }

    /// Tells whether a value holds no control characters (C0, DEL, C1).
    static func isValue(_ value: String) -> Bool { HTTPHeader.isValid(value) }
}
