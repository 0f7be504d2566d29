/// A piece's command line: `--name value` pairs.
public struct Options: Sendable {
    private var values: [String: String] = [:]

    public init(_ arguments: some Sequence<String>) {
        var name: String?
        for argument in arguments {
            if let known = name {
                values[known] = argument
                name = nil
            } else if argument.hasPrefix("--") {
                name = String(argument.dropFirst(2))
            } else {
                fail("what is \(argument)?")
            }
        }
        if let name { fail("--\(name) needs a value") }
    }

    public func text(_ name: String) -> String? { values[name] }

    public func text(_ name: String, default value: String) -> String { values[name] ?? value }

    /// A text that must be there; ends the process where it is missing.
    public func needed(_ name: String) -> String {
        guard let value = values[name] else { fail("--\(name) is needed") }
        return value
    }

    public func number(_ name: String, default value: Int) -> Int {
        guard let text = values[name] else { return value }
        guard let number = Int(text) else { fail("--\(name) is no number: \(text)") }
        return number
    }
}
