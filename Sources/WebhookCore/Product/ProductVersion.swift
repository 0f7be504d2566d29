/// The product's own version, as the `User-Agent` header and `webhooks --version` name it.
package enum ProductVersion {
    /// The version (Semantic Versioning 2.0.0).
    package static let current = "0.1.0"
}
