internal import WebhookCore

/// `templates:` → the catalogue: every sub-folder with a profile is one.
struct ProfileFolderLoader {
    let context: LoadContext

    func load(_ path: Located<String>?) -> ProfileCatalog {
        guard let path, let folder = PathReader(context: context).resolve(path, "`templates`") else {
            return ProfileCatalog()
        }
        let root = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let names: [String]
        do {
            names = try context.folders(in: root.isEmpty ? "/" : root)
        } catch {
            context.problems.error(path.place, "`templates`: the folder \(path.value) \(error)")
            return ProfileCatalog()
        }
        var configured: [String: Profile] = [:]
        var broken: Set<String> = []
        for name in names {
            let problems = Problems()
            let profile = ProfileLoader(problems: problems).load(
                ProfileFolder(path: "\(root)/\(name)", name: name, context: context)
            )
            for diagnostic in problems.sorted(mainFile: "") { context.problems.add(diagnostic) }
            if problems.hasErrors { broken.insert(name) }
            guard let profile else { continue }
            guard ProfileFolder.isName(name) else {
                let message = "a profile's folder must be named with a-z, 0-9, _ and - only"
                context.problems.add(Diagnostic(.error, file: "\(root)/\(name)", message: message))
                continue
            }
            configured[name] = profile
        }
        return ProfileCatalog(configured: configured, broken: broken)
    }
}
