internal import WebhookCore

/// Collects what is wrong, so that all of it is reported at once. Confined to one load.
final class Problems {
    private var found: Set<Diagnostic> = []

    var hasErrors: Bool { found.contains { $0.severity == .error } }

    func error(_ place: SourcePlace, _ message: String) { add(.error, place, message) }

    func warning(_ place: SourcePlace, _ message: String) { add(.warning, place, message) }

    func add(_ diagnostic: Diagnostic) { found.insert(diagnostic) }

    func add(_ severity: Diagnostic.Severity, _ place: SourcePlace, _ message: String) {
        add(Diagnostic(severity, file: place.file, line: place.line, column: place.column, message: message))
    }

    /// By file (the main one first), line and column. What aliases repeat is there once.
    func sorted(mainFile: String) -> [Diagnostic] {
        func key(_ diagnostic: Diagnostic) -> (Int, String, Int, Int, String) {
            let rank = diagnostic.file == mainFile ? 0 : 1
            return (rank, diagnostic.file, diagnostic.line ?? 0, diagnostic.column ?? 0, diagnostic.message)
        }
        return found.sorted { key($0) < key($1) }
    }
}
