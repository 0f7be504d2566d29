internal import WebhookCore
internal import WebhookRegistry

extension WebhookConfiguration {
    /// The files of profiles that a host brings along: each profile is a folder with a `profile.json` or `profile.yaml` and what
    /// that names; see `templates/README.md`.
    public struct ProfileFiles: Sendable {
        private enum Source: Sendable {
            case none
            case folder(String)
            case texts([String: String])
        }

        private let source: Source

        /// None: the built-in profiles alone.
        public static let none = ProfileFiles(source: .none)

        /// The profiles of a folder on disk, which a running dispatcher watches.
        ///
        /// - Parameter path: the folder that holds a folder for each profile.
        public static func folder(_ path: String) -> ProfileFiles { ProfileFiles(source: .folder(path)) }

        /// Texts, by the names of their files: `["acme/profile.json": …, "acme/course.created.json": …]`.
        public static func texts(_ texts: [String: String]) -> ProfileFiles { ProfileFiles(source: .texts(texts)) }

        /// Reads them.
        func load() -> ProfileCatalog.Loaded {
            switch source {
            case .none: ProfileCatalog.builtin
            case .folder(let path): ProfileCatalog.load(folder: path)
            case .texts(let texts): ProfileCatalog.load(texts: texts)
            }
        }
    }
}
