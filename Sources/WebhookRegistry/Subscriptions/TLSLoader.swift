internal import CWebhooksTLS
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
        return (certificates(section, "ca")?.value, identity(section))
    }

    private func identity(_ section: Section) -> TLSIdentity? {
        let certificate = certificates(section, "certificate")
        let key = section.container("key").flatMap { SourceReader(context: context).secret($0, "`key`") }
        switch (section.keyPlace("certificate"), section.keyPlace("key")) {
        case (let place?, nil): context.problems.error(place, "`certificate` needs its `key` beside it")
        case (nil, let place?): context.problems.error(place, "`key` needs its `certificate` beside it")
        default: break
        }
        guard let certificate, let key else { return nil }
        return check(certificate, key)
    }

    /// The identity, if the key is the certificate's own. libcurl would find out with the first delivery, or not at all.
    private func check(_ certificate: Located<ByteString>, _ key: Located<Secret>) -> TLSIdentity? {
        var text = key.value.reveal()
        let problem = text.withUTF8 { key in
            certificate.value.withUnsafeBytes { certificate in
                webhooks_tls_check_identity(certificate.baseAddress, certificate.count, key.baseAddress, key.count)
            }
        }
        guard let message = problem.text else {
            return TLSIdentity(certificate: certificate.value, key: key.value)
        }
        if problem.subject == webhooks_tls_key_problem {
            let hint = text.contains("-----BEGIN ") ? "" : "; for a file write { file: PATH }"
            context.problems.error(key.place, "`key` \(String(cString: message))\(hint)")
        } else {
            context.problems.error(certificate.place, "`certificate` \(String(cString: message))")
        }
        return nil
    }

    /// The contents of a file of certificates; `nil` where they can't be read, which is reported.
    private func certificates(_ section: Section, _ key: String) -> Located<ByteString>? {
        guard let path = section.text(key),
            let bytes = PathReader(context: context).contents(path, "`\(key)`", limit: Self.limit)
        else { return nil }
        let problem = bytes.withUnsafeBytes { webhooks_tls_check_authorities($0.baseAddress, $0.count) }
        if let message = problem.text {
            context.problems.error(path.place, "`\(key)`: the file \(path.value) \(String(cString: message))")
            return nil
        }
        return Located(value: bytes, place: path.place)
    }
}
