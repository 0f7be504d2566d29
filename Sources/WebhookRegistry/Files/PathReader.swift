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

/// The names of body templates: the inner extension states the content type.
enum BodyTemplateFile {
    /// For messages.
    static let names = "NAME.json.mustache, NAME.xml.mustache or NAME.form.mustache"

    /// The content type that a file's name states.
    static func contentType(of name: String) -> ContentType? {
        if name.hasSuffix(".json.mustache") { return .json }
        if name.hasSuffix(".xml.mustache") { return .xml }
        return name.hasSuffix(".form.mustache") ? .form : nil
    }
}

/// Warns of files that other users of the machine may read or change, as ssh does for its keys.
///
/// A file that says where events go, and with which secret, must be the owner's to change; a secret is the owner's to
/// read.
struct PermissionCheck {
    let context: LoadContext

    /// - Parameter main: the configuration, whose place stands for files without one of their own.
    func run(main: String) {
        checkReading(main)
        checkLiterals()
        checkWriting(main)
    }

    /// One warning for all: a checkout has as many as it has secrets.
    private func checkReading(_ main: String) {
        var seen: Set<String> = []
        let open = context.secretFiles.filter { file in
            seen.insert(file.path).inserted && status(of: file.path)?.isReadableByOthers == true
        }
        guard let first = open.first else { return }
        let more = open.count == 1 ? "" : " and \(open.count - 1) more"
        let message =
            "other users of this machine may read the secret in \(first.path)\(more): "
            + secretAdvice(first.path, Self.folder(of: main))
        warn(first.place, message + (open.count == 1 ? "" : " …"))
    }

    /// The command that keeps a secret to this user. Another's file, or one of the system's, is left as it is: who else reads
    /// it needs it so.
    private func secretAdvice(_ path: String, _ folder: String) -> String {
        let status = status(of: path)
        let prefix = folder == "." ? "" : folder == "/" ? "/" : folder + "/"
        let inside = path.hasPrefix(prefix) ? path.dropFirst(prefix.count) : "/"
        let isInside = !inside.hasPrefix("/") && !inside.split(separator: "/").contains("..")
        if status?.access == .own, status?.owner != 0 || isInside { return "chmod 600 \(path)" }
        let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
        return "name a copy of this user's alone: install -m 600 \(path) \(folder)/\(name)"
    }

    /// One warning a file, at the first secret that it holds itself.
    private func checkLiterals() {
        var seen: Set<String> = []
        for place in context.literalSecrets where seen.insert(place.file).inserted {
            guard let status = status(of: place.file), status.isReadableByOthers else { continue }
            let chmod = status.access == .own ? "chmod 600 \(place.file), or " : ""
            let message =
                "other users of this machine may read \(place.file), which holds a literal secret: "
                + "\(chmod)write { file: PATH } or { env: NAME }"
            warn(place, message)
        }
    }

    /// The status of a file or folder; `nil` for a device or a pipe, which is refused anyway: whoever follows advice about its
    /// rights breaks it for everybody.
    private func status(of path: String) -> FileStatus? {
        context.files.status(of: path).flatMap { $0.kind == .other ? nil : $0 }
    }

    private func warn(_ place: SourcePlace, _ message: String) {
        context.problems.add(
            Diagnostic(
                .warning,
                file: place.file,
                line: place.line,
                column: place.column,
                code: .rights,
                message: message
            )
        )
    }

    private func checkWriting(_ main: String) {
        var paths: [String] = []
        for path in context.watchedPaths {
            for candidate in [path, Self.folder(of: path)] where !paths.contains(candidate) { paths.append(candidate) }
        }
        let open = paths.filter { status(of: $0)?.isWritableByOthers == true }
        guard let first = open.first else { return }
        let more = open.count == 1 ? "" : " and \(open.count - 1) more"
        let advice =
            status(of: first)?.access == .own
            ? "chmod go-w \(first)" : "it belongs to another user; keep the configuration in a folder of this one's"
        let message = "other users of this machine may change \(first)\(more): \(advice)"
        context.problems.add(
            Diagnostic(.warning, file: main, code: .rights, message: message + (open.count == 1 ? "" : " …"))
        )
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }
}
