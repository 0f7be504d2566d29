/// A problem of a configuration, with its place.
public struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
    /// The weight of a finding.
    public enum Severity: String, Sendable, Hashable {
        /// The configuration can't be used.
        case error
        /// It can.
        case warning
    }

    /// The kind of a finding, for programs.
    package enum Code: String, Sendable, Hashable {
        /// Something in the configuration is wrong, or may be.
        case invalid
        /// Other users of the machine may read or change what they must not.
        case rights
    }

    /// The weight of the finding.
    public var severity: Severity
    /// The file as the user would name it.
    public var file: String
    /// From 1; `nil` where the file as a whole is meant.
    public var line: Int?
    /// From 1.
    public var column: Int?
    /// The path of the key, such as `delivery.timeout`, in a subscription that is a value; `nil` in a file.
    public var key: String?
    /// Names place and cause and what to do next; never quotes a value that could be a secret.
    public var message: String
    /// The kind of the finding.
    package var code: Code

    package init(
        _ severity: Severity,
        file: String,
        line: Int? = nil,
        column: Int? = nil,
        key: String? = nil,
        code: Code = .invalid,
        message: String
    ) {
        self.code = code
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.key = key
        self.message = message
    }

    /// `file:line:column: message`, with `warning:` where it is one; in a subscription that is a value
    /// `subscription NAME: key: message`.
    public var description: String { severity == .error ? located : "\(place): warning: \(message)" }

    /// `file:line:column: message`, for where the severity is said already.
    public var located: String { "\(place): \(message)" }

    private var place: String {
        [file, line.map(String.init), column.map(String.init)].compactMap { $0 }.joined(separator: ":")
            + (key.map { ": \($0)" } ?? "")
    }
}
