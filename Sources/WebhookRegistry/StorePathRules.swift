package import WebhookCore

/// Whether a dispatcher could open, or make, the store that is configured.
package enum StorePathRules {
    /// Why the store can't be used, to go on "`store` …"; `nil` where it can, as far as that is known beforehand.
    package static func problem(_ location: StoreLocation, _ files: any ConfigurationFiles) -> String? {
        switch location {
        case .postgres: "names a PostgreSQL database, which this version can't use yet: write sqlite:PATH"
        case .sqlite(let path): problem(path, files)
        }
    }

    private static func problem(_ path: String, _ files: any ConfigurationFiles) -> String? {
        let store = files.status(of: path)
        switch store?.kind {
        case .folder: return "is a folder: name a file in it, such as \(path)/webhooks.sqlite"
        case .other: return "is no regular file"
        case .file where store?.isWritable == false: return "can't be written by this user"
        case .file, nil: break
        }
        // The nearest that is there: the rest is made with the first event.
        var folder = path
        while let slash = folder.lastIndex(of: "/"), folder != "/" {
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
            if let problem = problem(ofFolder: folder, files) { return problem }
            if files.status(of: folder) != nil { return nil }
        }
        return path.hasPrefix("/") ? nil : problem(ofFolder: ".", files)
    }

    private static func problem(ofFolder folder: String, _ files: any ConfigurationFiles) -> String? {
        guard let status = files.status(of: folder) else { return nil }
        guard status.kind == .folder else { return "can't exist: \(folder) is not a folder" }
        // The log and the lock lie beside the store.
        return status.isWritable ? nil : "can't be made or written: this user may not write in the folder \(folder)"
    }
}
