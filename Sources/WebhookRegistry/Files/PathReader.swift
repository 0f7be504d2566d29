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
        checkReading()
        checkLiterals()
        checkWriting(main)
    }

    /// One warning for all: a checkout has as many as it has secrets.
    private func checkReading() {
        var seen: Set<String> = []
        let open = context.secretFiles.filter { file in
            seen.insert(file.path).inserted && status(of: file.path)?.isReadableByOthers == true
        }
        guard let first = open.first else { return }
        let more = open.count == 1 ? "" : " and \(open.count - 1) more"
        let message =
            "other users of this machine may read the secret in \(first.path)\(more): chmod 600 \(first.path)"
            + (open.count == 1 ? "" : " …")
        warn(first.place, message)
    }

    /// One warning a file, at the first secret that it holds itself.
    private func checkLiterals() {
        var seen: Set<String> = []
        for place in context.literalSecrets where seen.insert(place.file).inserted {
            guard status(of: place.file)?.isReadableByOthers == true else { continue }
            let message =
                "other users of this machine may read \(place.file), which holds a literal secret: "
                + "chmod 600 \(place.file), or write { file: PATH } or { env: NAME }"
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
        let message = "other users of this machine may change \(first)\(more): chmod go-w \(first)"
        context.problems.add(
            Diagnostic(.warning, file: main, code: .rights, message: message + (open.count == 1 ? "" : " …"))
        )
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }
}
