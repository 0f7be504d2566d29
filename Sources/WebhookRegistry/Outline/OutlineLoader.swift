package import WebhookCore

/// A configuration file's store and names: all that a reader of the log needs.
///
/// No secret is read for it and no template, and the rest of the file may be broken.
package struct ConfigurationOutline: Sendable {
    /// An entry of `subscriptions`.
    package struct Entry: Sendable, Hashable {
        package var name: String
        package var isEnabled: Bool
        /// As they are written.
        package var topics: [String]

        package init(name: String, isEnabled: Bool, topics: [String]) {
            self.name = name
            self.isEnabled = isEnabled
            self.topics = topics
        }
    }

    /// `nil` where the file names none, or one that `validate` refuses: nothing is opened by half a URL.
    package var store: StoreLocation?
    /// `nil` where the file, or its `dispatcher`, can't be read.
    package var retention: Duration?
    /// In the file's order, each name once; `nil` where they can't be read.
    package var entries: [Entry]?
    /// True where a file that it includes can't be read: there are more entries than these.
    package var isPartial = false
    /// The reasons why the store could not be read, or is refused.
    package var storeProblems: [Diagnostic] = []
    /// The other problems that were found on the way, by line. Not all that `validate` would find.
    package var problems: [Diagnostic] = []

    package init() {}
}

extension ConfigurationLoader {
    /// Reads a configuration's outline. Never throws: what is wrong is in the problems.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - readsStore: whether the file's `store` is wanted.
    package func outline(path: String, readsStore: Bool) -> ConfigurationOutline {
        let context = LoadContext(environment: environment, files: files)
        var outline = ConfigurationOutline()
        if let root = document(path, context) {
            OutlineReader(context: context).read(root, readsStore, into: &outline)
        } else if readsStore, let root = storeAlone(path) {
            outline.store = store(root, into: &outline)
        }
        outline.problems = context.problems.sorted(mainFile: path)
        outline.isPartial = context.lacksIncludes
        return outline
    }

    /// The topics of a configuration's profiles: those of its `templates`, and the built-in ones. Reads no subscription.
    package func catalog(path: String) -> ProfileCatalog {
        let context = LoadContext(environment: environment, files: files)
        guard let root = document(path, context),
            let section = Section(root, keys: Self.keys, problems: context.problems)
        else { return ProfileCatalog() }
        return ProfileFolderLoader(context: context).load(section.text("templates"))
    }

    private func store(_ root: ConfigNode, into outline: inout ConfigurationOutline) -> StoreLocation? {
        let context = LoadContext(environment: environment, files: files)
        let location = OutlineReader(context: context).store(root)
        outline.storeProblems = context.problems.sorted(mainFile: root.place.file)
        return context.problems.hasErrors ? nil : location
    }

    /// A document of the `store` alone, from a file that can't be read as a whole.
    private func storeAlone(_ path: String) -> ConfigNode? {
        let context = LoadContext(environment: environment, files: files)
        guard let bytes = try? context.contents(of: path, limit: Self.fileLimit),
            let document = StoreKeySearch.document(in: bytes, isJSON: path.lowercased().hasSuffix(".json"))
        else { return nil }
        return try? DocumentReader.read(document, file: path)
    }
}

/// A document → its outline.
private struct OutlineReader {
    let context: LoadContext

    private var problems: Problems { context.problems }

    func read(_ root: ConfigNode, _ readsStore: Bool, into outline: inout ConfigurationOutline) {
        guard let section = Section(root, keys: ConfigurationLoader.keys, problems: problems)
        else { return }
        if readsStore {
            let own = LoadContext(environment: context.environment, files: context.files)
            let location = OutlineReader(context: own).store(root)
            outline.storeProblems = own.problems.sorted(mainFile: root.place.file)
            outline.store = own.problems.hasErrors ? nil : location
        }
        outline.retention = retention(root)
        var names: Set<String> = []
        outline.entries =
            section.items("subscriptions").map { $0.compactMap(entry).filter { names.insert($0.name).inserted } }
            ?? (section.keyPlace("subscriptions") == nil ? [] : nil)
        // What `store` lacks was reported with it, or another one is taken.
        if let rest = Self.part(of: root, where: { $0 != "store" }) { SourcePresence(context: context).check(rest) }
    }

    func store(_ root: ConfigNode) -> StoreLocation? {
        Self.part(of: root, where: { $0 == "store" }).flatMap { root in
            Section(root, "the configuration", keys: ["store"], problems: problems)
                .flatMap { SettingsLoader(context: context).load($0, readsStore: true).store }
        }
    }

    private func retention(_ root: ConfigNode) -> Duration? {
        let own = LoadContext(environment: context.environment, files: context.files)
        guard let part = Self.part(of: root, where: { $0 == "dispatcher" }),
            let section = Section(part, "the configuration", keys: ["dispatcher"], problems: own.problems)
        else { return nil }
        let settings = SettingsLoader(context: own).load(section, readsStore: false)
        for problem in own.problems.sorted(mainFile: "") { problems.add(problem) }
        return own.problems.hasErrors ? nil : settings.retention
    }

    private func entry(_ node: ConfigNode) -> ConfigurationOutline.Entry? {
        let keys = SubscriptionEntry.ownKeys + SubscriptionOptions.keys
        guard
            let section = Section(
                node,
                "a subscription",
                keys: keys,
                extensions: Section.extensions,
                problems: problems
            ),
            let name = section.text("name")
        else { return nil }
        let topics = (section.items("topics") ?? []).compactMap { section.read.text($0, "a topic")?.value }
        return ConfigurationOutline.Entry(
            name: name.value,
            isEnabled: section.bool("enabled")?.value ?? true,
            topics: topics
        )
    }

    /// The document with some of its keys alone.
    private static func part(of root: ConfigNode, where isWanted: (String) -> Bool) -> ConfigNode? {
        guard case .mapping(let members) = root.value else { return nil }
        return ConfigNode(value: .mapping(members.filter { isWanted($0.key) }), place: root.place)
    }
}
