internal import WebhookCore
package import WebhookRegistry

/// The parts of a configuration that are known without loading it.
package typealias ConfigurationOutline = WebhookRegistry.ConfigurationOutline

extension WebhookConfiguration {
    /// The JSON Schema (2020-12) of a configuration file.
    package static var schema: String { ConfigurationSchema.text }

    /// Reads what a command needs that works on the log alone: the store, and whom the configuration knows by name.
    /// Reads no secret and no template; the rest of the file may be broken.
    package func outline() -> ConfigurationOutline {
        switch source {
        case .file(let path, let environment):
            var outline = ConfigurationLoader(environment: environment).outline(path: path, readsStore: store == nil)
            if let store {
                outline.store = StoreLocationParser.parse(store)
                if outline.store == nil {
                    let message = "the store given beside it \(StoreLocationParser.grammar)"
                    outline.storeProblems = [Diagnostic(.error, file: path, message: message)]
                }
            }
            return outline
        case .values(let subscriptions, let settings, _):
            var outline = ConfigurationOutline()
            outline.store = settings.store
            outline.retention = settings.retention
            outline.entries = subscriptions.map {
                ConfigurationOutline.Entry(
                    name: $0.name,
                    isEnabled: $0.isEnabled,
                    topics: $0.topics.map(\.description)
                )
            }
            return outline
        }
    }

    /// The topics of its profiles; of a file that can't be read, those of the built-in ones. Reads no subscription.
    package func topics() -> TopicCatalog {
        switch source {
        case .file(let path, let environment):
            TopicCatalog(ConfigurationLoader(environment: environment).catalog(path: path))
        case .values(_, _, let profiles): TopicCatalog(profiles.load().catalog)
        }
    }
}
