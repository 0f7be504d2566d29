internal import WebhookCore

/// `include:` → the configuration with the subscriptions of other files behind its own.
///
/// An included file holds `subscriptions` and nothing else. Its paths start from its own folder, and problems name its
/// lines: every node knows the file that it comes from.
struct IncludeReader {
    /// The most files that a configuration may include.
    static let mostFiles = 1_000

    let context: LoadContext

    private var problems: Problems { context.problems }

    /// The configuration's tree with the included subscriptions behind its own, in the order of the files.
    func expanded(_ root: ConfigNode) -> ConfigNode {
        guard case .mapping(var members) = root.value,
            let include = members.first(where: { $0.key == "include" })
        else { return root }
        let included = subscriptions(of: files(include.value, of: root.place.file))
        guard !included.isEmpty else { return root }
        if let index = members.firstIndex(where: { $0.key == "subscriptions" }) {
            switch members[index].value.value {
            case .sequence(let own): members[index].value.value = .sequence(own + included)
            case .null: members[index].value.value = .sequence(included)
            // Whoever reads it says what is wrong with it.
            case .mapping, .scalar: break
            }
        } else {
            let list = ConfigNode(value: .sequence(included), place: include.value.place)
            members.append(ConfigNode.Member(key: "subscriptions", place: include.place, value: list))
        }
        return ConfigNode(value: .mapping(members), place: root.place)
    }

    // MARK: Files

    /// A file to include, as this process opens it, and where it is named.
    private struct File {
        var path: String
        var place: SourcePlace
    }

    private func files(_ node: ConfigNode, of main: String) -> [File] {
        let entries: [ConfigNode]
        switch node.value {
        case .sequence(let items): entries = items
        case .scalar where !node.isNull: entries = [node]
        case .scalar, .null: return []
        case .mapping:
            problems.error(node.place, "`include` must be a path or a list of paths, such as customers/*.yaml")
            return []
        }
        let own = context.files.signature(of: main)
        var found: [File] = []
        var seen: Set<String> = []
        for entry in entries {
            for file in files(of: entry) where seen.insert(file.path).inserted {
                let isMain = file.path == main || own != nil && context.files.signature(of: file.path) == own
                guard !isMain else {
                    problems.error(file.place, "`include` names the configuration itself")
                    continue
                }
                guard found.count < Self.mostFiles else {
                    problems.error(file.place, "`include` names more than \(Self.mostFiles) files")
                    return found
                }
                found.append(file)
            }
        }
        return found
    }

    /// The files that one entry names, sorted.
    private func files(of entry: ConfigNode) -> [File] {
        // Without its variable, a path leads somewhere else, such as into the root folder.
        guard !entry.isIncomplete, let text = ValueReader(problems: problems).text(entry, "an entry of `include`"),
            let path = PathReader(context: context).resolve(text, "an entry of `include`")
        else { return [] }
        let slash = text.value.lastIndex(of: "/")
        let name = slash.map { String(text.value[text.value.index(after: $0)...]) } ?? text.value
        guard !(slash.map { text.value[..<$0].contains { "*?".contains($0) } } ?? false) else {
            problems.error(text.place, "`*` and `?` stand for parts of a file's name, not of a folder's")
            return []
        }
        guard name.contains(where: { "*?".contains($0) }) else { return [File(path: path, place: text.place)] }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        return matches(name, in: folder, text)
    }

    private func matches(_ pattern: String, in folder: String, _ text: Located<String>) -> [File] {
        let listing: FolderListing
        do throws(FileProblem) {
            listing = try context.listing(of: folder)
        } catch {
            context.lacksIncludes = true
            problems.error(text.place, "`include`: the folder of \(text.value) \(error)")
            return []
        }
        for name in listing.strays where FileNamePattern(pattern).matches(name) {
            let message = "`include`: the link \(KeyText.isPlain(name) ? name : "of that name") leads out of its folder"
            problems.error(text.place, message + "; name the file that it leads to")
        }
        let names = listing.files.filter { FileNamePattern(pattern).matches($0) }
        if names.isEmpty { problems.warning(text.place, "`include`: no file matches \(text.value)") }
        let prefix = folder == "." && !text.value.hasPrefix("./") ? "" : folder == "/" ? "/" : folder + "/"
        return names.map { File(path: prefix + $0, place: text.place) }
    }

    // MARK: Contents

    private func subscriptions(of files: [File]) -> [ConfigNode] {
        var left = ConfigurationLoader.fileLimit
        var found: [ConfigNode] = []
        for file in files {
            do {
                let bytes = try context.contents(of: file.path, limit: left)
                left -= bytes.count
                found += subscriptions(of: try DocumentReader.read(bytes, file: file.path))
            } catch let error as DocumentError {
                context.lacksIncludes = true
                problems.add(error.diagnostic)
            } catch {
                context.lacksIncludes = true
                problems.error(file.place, "`include`: the file \(file.path) \(error)")
            }
        }
        return found
    }

    private func subscriptions(of document: ConfigNode) -> [ConfigNode] {
        let others = ConfigurationLoader.keys.filter { $0 != "subscriptions" }.map { key in
            let hint =
                key == "include"
                ? "an included file can't include others" : "a file that is included has `subscriptions` alone"
            return (key, "`\(key)` belongs to the configuration itself: \(hint)")
        }
        let section = Section(
            EnvironmentText(context: context).expanded(document),
            "an included file",
            keys: ["subscriptions"],
            otherKeys: Dictionary(others, uniquingKeysWith: { first, _ in first }),
            extensions: Section.extensions + ["$schema"],
            problems: problems
        )
        return section?.items("subscriptions") ?? []
    }
}

/// A pattern of a file's name: `*` is any number of characters, `?` is one. A name that begins with a dot is never meant.
struct FileNamePattern {
    private let pattern: [Character]

    init(_ text: String) { pattern = Array(text) }

    func matches(_ name: String) -> Bool {
        guard !name.hasPrefix(".") else { return false }
        let name = Array(name)
        // Where the last `*` stands, and how far it reaches: to go back to, so that the time is bounded by the product.
        var (position, place) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while place < name.count {
            if position < pattern.count, pattern[position] == "*" {
                star = (position, place)
                position += 1
            } else if position < pattern.count, pattern[position] == "?" || pattern[position] == name[place] {
                (position, place) = (position + 1, place + 1)
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                (position, place) = (last.pattern + 1, last.name + 1)
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == "*" }
    }
}
