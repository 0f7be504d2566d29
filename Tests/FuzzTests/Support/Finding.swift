/// A rule that an input broke, as a fuzzer found it.
struct Finding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// Throws where a rule doesn't hold.
    static func expect(_ holds: Bool, _ rule: @autoclosure () -> String) throws(Finding) {
        if !holds { throw Finding(rule()) }
    }
}
