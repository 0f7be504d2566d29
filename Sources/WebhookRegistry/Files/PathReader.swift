internal import WebhookCore

/// Reads files that a configuration names, relative to the file that names them.
struct PathReader {
    let context: LoadContext

    /// The bytes of a file, or `nil` with the problem reported.
    ///
    /// - Parameter name: what the file is for, in messages.
    func contents(_ path: Located<String>, _ name: String, limit: Int) -> ByteString? {
        guard let resolved = resolve(path, name) else { return nil }
        do {
            return try context.contents(of: resolved, limit: limit)
        } catch {
            context.problems.error(path.place, "\(name): the file \(path.value) \(error)")
            return nil
        }
    }

    /// A path as the process opens it.
    func resolve(_ path: Located<String>, _ name: String) -> String? {
        guard !path.value.isEmpty, HeaderRules.isValue(path.value) else {
            context.problems.error(path.place, "\(name) must be a path without control characters")
            return nil
        }
        return LoadContext.resolve(path.value, from: path.place.file)
    }
}
