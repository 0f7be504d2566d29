internal import WebhookCore

/// A client certificate with its key.
struct TLSIdentity {
    var certificate: ByteString
    var key: Secret
}

/// `tls:` → its contents: the files are read here.
struct TLSLoader {
    private static let limit = 1 << 20

    let context: LoadContext

    func load(_ node: ConfigNode) -> (authorities: ByteString?, identity: TLSIdentity?) {
        let keys = ["ca", "certificate", "key"]
        guard let section = Section(node, "`tls`", keys: keys, isSensitive: true, problems: context.problems) else {
            return (nil, nil)
        }
        return (certificates(section, "ca"), identity(section))
    }

    private func identity(_ section: Section) -> TLSIdentity? {
        let certificate = certificates(section, "certificate")
        let key = section.container("key").flatMap { SourceReader(context: context).secret($0, "`key`") }
        switch (section.keyPlace("certificate"), section.keyPlace("key")) {
        case (let place?, nil): context.problems.error(place, "`certificate` needs its `key` beside it")
        case (nil, let place?): context.problems.error(place, "`key` needs its `certificate` beside it")
        default: break
        }
        guard let certificate, let key, isKey(key) else { return nil }
        return TLSIdentity(certificate: certificate, key: key.value)
    }

    private func isKey(_ key: Located<Secret>) -> Bool {
        let text = key.value.reveal()
        guard text.contains("-----BEGIN "), text.contains("PRIVATE KEY-----") else {
            context.problems.error(key.place, "`key` is not a private key in PEM; for a file write { file: PATH }")
            return false
        }
        guard !text.contains("ENCRYPTED") else {
            context.problems.error(
                key.place,
                "`key` has a passphrase; store it without one, readable by this process only"
            )
            return false
        }
        return true
    }

    private func certificates(_ section: Section, _ key: String) -> ByteString? {
        guard let path = section.text(key),
            let bytes = PathReader(context: context).contents(path, "`\(key)`", limit: Self.limit)
        else { return nil }
        guard bytes.text.contains("-----BEGIN CERTIFICATE-----") else {
            context.problems.error(path.place, "`\(key)`: the file \(path.value) holds no certificate in PEM")
            return nil
        }
        return bytes
    }
}
