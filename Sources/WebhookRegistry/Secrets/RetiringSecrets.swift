package import WebhookCore

/// The secrets that a file of a signing secret had before, which go on signing for a while: in a file beside it, `NAME.previous`.
///
/// ```
/// until 2026-11-29T05:00:00.000Z
/// whsec_…
/// ```
///
/// `webhooks secrets rotate` writes it, newest first. A time that has come is read over: the file may stay.
package enum RetiringSecrets {
    /// The name of the file beside that of the secret.
    package static func path(beside path: String) -> String { path + ".previous" }

    private static let mark = "until "
    /// The most secrets that retire at once.
    package static let most = 10

    /// - Returns: `nil` for anything but such a file.
    package static func parse(_ text: String) -> [RetiringSecret]? {
        var secrets: [RetiringSecret] = []
        var until: Timestamp?
        for line in text.split(whereSeparator: \.isNewline) {
            if let time = until {
                secrets.append(RetiringSecret(secret: Secret(String(line)), until: time))
                until = nil
            } else {
                guard line.hasPrefix(mark), let time = Timestamp(rfc3339: String(line.dropFirst(mark.count))) else {
                    return nil
                }
                until = time
            }
        }
        return until == nil && secrets.count <= most ? secrets : nil
    }

    package static func text(_ secrets: [RetiringSecret]) -> String {
        secrets.map { "\(mark)\($0.until)\n\($0.secret.reveal())\n" }.joined()
    }
}

extension SourceReader {
    /// The contents that the file of a secret had before; none where the secret comes from elsewhere, or there is none.
    func retiring(_ node: ConfigNode, _ name: String) -> [RetiringSecret] {
        guard case .mapping(let members) = node.value, members.count == 1, members[0].key == "file",
            case .scalar(let path, _) = members[0].value.value, HeaderRules.isValue(path), !path.isEmpty
        else { return [] }
        let place = members[0].value.place
        let previous = RetiringSecrets.path(beside: LoadContext.resolve(path, from: place.file))
        let bytes: ByteString
        do throws(FileProblem) {
            bytes = try context.contents(of: previous, limit: Self.fileLimit)
        } catch .missing {
            return []
        } catch {
            context.problems.error(place, "\(name): the file \(RetiringSecrets.path(beside: path)) \(error)")
            return []
        }
        context.noteSecret(previous, place)
        guard let secrets = bytes.validatedText.flatMap(RetiringSecrets.parse) else {
            let message = "is none that a rotation has written: a line `until TIME`, then the secret"
            context.problems.error(place, "\(name): the file \(RetiringSecrets.path(beside: path)) \(message)")
            return []
        }
        return secrets
    }

    /// The origin of a secret.
    func origin(_ node: ConfigNode) -> SecretOrigin {
        guard case .mapping(let members) = node.value, members.count == 1,
            case .scalar(let text, _) = members[0].value.value
        else { return .literal }
        switch members[0].key {
        case "file": return .file(LoadContext.resolve(text, from: members[0].value.place.file))
        case "env": return .environment(text)
        default: return .literal
        }
    }
}
