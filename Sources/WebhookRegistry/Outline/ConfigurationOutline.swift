package import WebhookCore

/// What a configuration file says about its store, and whom it knows by name: enough for whoever only reads the log.
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

    /// `nil` where the file names none, or one that can't be read.
    package var store: StoreLocation?
    /// `nil` where the file, or its `dispatcher`, can't be read.
    package var retention: Duration?
    /// In the file's order; `nil` where they can't be read.
    package var entries: [Entry]?
    /// Why the store could not be read.
    package var storeProblems: [Diagnostic] = []
    /// What else was found on the way, by line. Not all that `validate` would find.
    package var problems: [Diagnostic] = []

    package init() {}
}
