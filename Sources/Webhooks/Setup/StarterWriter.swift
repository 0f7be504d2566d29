internal import Glibc
internal import WebhookCore

/// Writes the files of a first configuration.
package enum StarterWriter {
    /// The paths of what was written, and of secrets that were there and stay.
    package struct Written: Sendable, Hashable {
        package var paths: [String] = []
        package var kept: [String] = []
    }

    /// Writes files into a folder, which is made where it is missing. Secrets are for their owner alone.
    ///
    /// - Parameters:
    ///   - overwrites: whether files that are there are replaced; otherwise nothing is written where one is. A secret that was
    ///     made gives way to one that is there: receivers know that one.
    /// - Throws: ``WebhooksError`` with `refused`, naming a file that is there or can't be written.
    package static func write(
        _ files: [ConfigurationStarter.File],
        to folder: String,
        overwrites: Bool
    ) throws(WebhooksError) -> Written {
        let paths = files.map { "\(folder)/\($0.path)" }
        if !overwrites { try check(paths) }
        var written = Written()
        for (file, path) in zip(files, paths) {
            if !file.isReplaceable, isThere(path) {
                written.kept.append(path)
                continue
            }
            try makeFolder(of: path, mode: file.isSecret ? 0o700 : 0o755)
            try write(file, to: path, overwrites: overwrites)
            written.paths.append(path)
        }
        return written
    }

    /// Throws where a folder has a configuration already: before anybody is asked anything.
    package static func checkIsFree(_ folder: String) throws(WebhooksError) {
        try check(["\(folder)/\(ConfigurationStarter.fileName)"])
    }

    private static func check(_ paths: [String]) throws(WebhooksError) {
        guard let taken = paths.first(where: isThere) else { return }
        throw WebhooksError(.refused, "\(taken) is there already; --force overwrites it")
    }

    private static func write(
        _ file: ConfigurationStarter.File,
        to path: String,
        overwrites: Bool
    ) throws(WebhooksError) {
        let mode: mode_t = file.isSecret ? 0o600 : 0o644
        // Through no link, and whole or not at all: beside it first, then in its place.
        let partial = "\(path).\(getpid()).partial"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw problem("make", path) }
        let bytes = Array(file.content.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            written += count
        }
        let isWhole = written == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        let isPlaced = isWhole && (overwrites ? rename(partial, path) == 0 : link(partial, path) == 0)
        let failure = isPlaced ? nil : problem("write", path)
        if !(isPlaced && overwrites) { unlink(partial) }
        if let failure { throw failure }
    }

    private static func makeFolder(of path: String, mode: mode_t) throws(WebhooksError) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let folder = String(path[..<slash])
        guard !isThere(folder) else { return }
        // Those above it are no secret's.
        try makeFolder(of: folder, mode: 0o755)
        guard mkdir(folder, mode) == 0 || errno == EEXIST else { throw problem("make the folder", folder) }
    }

    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func problem(_ action: String, _ path: String) -> WebhooksError {
        WebhooksError(.refused, "cannot \(action) \(path): \(String(cString: strerror(errno)))")
    }
}
