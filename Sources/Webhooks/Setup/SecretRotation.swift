internal import Foundation
internal import Glibc
package import WebhookCore
internal import WebhookRegistry
internal import WebhookRendering

/// Replacing the signing secret in a file that is ours to write, with a time in which the old one signs as well.
package struct SecretRotation: Sendable {
    /// The result, without any secret.
    package struct Outcome: Sendable, Hashable {
        package var file: String
        /// Every subscription that signs with this file's secret.
        package var subscriptions: [String]
        /// The time until which the old secret signs too; `nil`: it doesn't any more.
        package var until: Timestamp?
        /// The public key of a new Ed25519 key.
        package var publicKey: String?
    }

    /// The file of the current secret.
    package let file: String
    /// Every subscription that signs with it.
    package let subscriptions: [String]
    /// True when a request carries the signature of one secret alone, so that the old one can't sign beside.
    package let isAlone: Bool
    private let scheme: SignatureScheme
    private let current: Secret
    private let retiring: [RetiringSecret]
    private let configuration: WebhookConfiguration

    /// Finds a subscription's secret.
    ///
    /// - Throws: ``WebhooksError`` with `refused` where the secret isn't ours to write, and why; `notFound`, `configuration`.
    package init(_ configuration: WebhookConfiguration, subscription name: String) throws(WebhooksError) {
        // What others lack is none of this one's business.
        let report = configuration.holdingBroken().load()
        guard let registry = report.registry, report.isValid else {
            throw WebhooksError(report.diagnostics.filter { $0.severity == .error })
        }
        guard let subscription = registry.subscription(named: name) else {
            if StoredSubscription.isName(name) {
                let message =
                    "\(name) is kept in the store, and its secret with it: `POST …/endpoint/\(name)/secret/rotate` of the HTTP API "
                    + "replaces it"
                throw WebhooksError(.refused, message)
            }
            let hint = NameHint.question(name, in: registry.subscriptions.map(\.name)).map { "; \($0)" } ?? ""
            throw WebhooksError(.notFound, "there is no subscription named \(name)\(hint)")
        }
        if !subscription.obstacles.isEmpty { throw WebhooksError(subscription.obstacles) }
        guard let scheme = subscription.profile.signature, let secret = subscription.secrets.first else {
            throw WebhooksError(.refused, "\(name) signs with no secret")
        }
        switch subscription.secretOrigin {
        case .file(let path): file = path
        case .environment(let variable):
            let message =
                "the secret of \(name) comes from the environment variable \(variable): set a new one there, and"
            throw WebhooksError(
                .refused,
                "\(message) put { env: OLD } second in `secrets` until receivers have changed over"
            )
        case .literal, nil:
            let message = "the secret of \(name) stands in the configuration itself: put a new one first in `secrets`"
            throw WebhooksError(.refused, "\(message), and leave the old one second until receivers have changed over")
        }
        self.scheme = scheme
        self.configuration = configuration
        current = secret
        retiring = subscription.retiringSecrets
        isAlone = !scheme.usesEverySecret
        let path = file
        subscriptions = registry.subscriptions.filter { $0.secretOrigin == .file(path) }.map(\.name)
    }

    /// Writes the new secret into the file, and the old one beside it. Each file is exchanged as a whole, the old secret's
    /// first: whatever happens in between, one of the two signs.
    ///
    /// - Parameters:
    ///   - given: the new secret; `nil`: one is made.
    ///   - grace: how long the old one signs too.
    /// - Throws: ``WebhooksError`` with `refused`; nothing is changed then.
    package func rotate(
        to given: Secret? = nil,
        grace: Duration,
        at now: Timestamp = .now
    ) throws(WebhooksError) -> Outcome {
        let previous = RetiringSecrets.path(beside: file)
        let place = try ExchangedFile(file)
        let lock = try place.lock(file, unchangedSince: current)
        defer { close(lock) }
        for path in [file, previous] { place.removeLeftovers(beside: path) }
        let (secret, publicKey) = try newSecret(given)
        guard secret != current else { throw WebhooksError(.refused, "that is the secret that signs already") }
        let old = current.reveal()
        guard !old.contains(where: \.isNewline) else {
            throw WebhooksError(.refused, "the secret in \(file) has several lines: put a new file first in `secrets`")
        }
        let keepsOld = grace > .zero && !isAlone
        var kept = retiring.filter { $0.until > now && $0.secret != secret }
        if keepsOld { kept.insert(RetiringSecret(secret: current, until: now + grace), at: 0) }
        if grace == .zero { kept = [] }
        guard kept.count <= RetiringSecrets.most else {
            throw WebhooksError(.refused, "\(kept.count) secrets would sign at once: let the older ones retire first")
        }
        if !kept.isEmpty || place.isThere(previous) { try place.write(RetiringSecrets.text(kept), to: previous) }
        let lines = [secret.reveal()] + (publicKey.map { [$0] } ?? [])
        try place.write(lines.joined(separator: "\n") + "\n", to: file)
        return Outcome(
            file: file,
            subscriptions: subscriptions,
            until: keepsOld ? kept.first?.until : nil,
            publicKey: publicKey
        )
    }

    private func newSecret(_ given: Secret?) throws(WebhooksError) -> (Secret, publicKey: String?) {
        if let given {
            if let problem = SigningSecretCheck.problem(given, for: scheme, .commandLine) {
                throw WebhooksError(.refused, problem)
            }
            return (given, nil)
        }
        if current.reveal().hasPrefix("whsk_") {
            let pair = Signatures.generate(ed25519: true)
            return (pair.secret, pair.publicKey)
        }
        return (ConfigurationStarter.made(for: scheme), nil)
    }
}

/// A secret's file and those beside it, written whole or not at all, for the same owner and nobody else.
struct ExchangedFile {
    private let owner: (uid: uid_t, gid: gid_t)

    init(_ path: String) throws(WebhooksError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw Self.problem("look at", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw WebhooksError(.refused, "\(path) is no plain file: what puts it there must put the new secret there")
        }
        owner = (status.st_uid, status.st_gid)
    }

    /// Keeps other rotations of the file away until the descriptor is closed.
    ///
    /// - Parameter secret: what was read from the file before: two that rotate at once would each keep the other's out.
    func lock(_ path: String, unchangedSince secret: Secret) throws(WebhooksError) -> Int32 {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.problem("read", path) }
        var (locked, named) = (stat(), stat())
        let expected = Array(secret.reveal().utf8)
        var found = [UInt8](repeating: 0, count: expected.count)
        let isOurs =
            flock(descriptor, LOCK_EX | LOCK_NB) == 0
            // The file of that name is exchanged by a rotation, and its lock with it.
            && fstat(descriptor, &locked) == 0 && stat(path, &named) == 0
            && locked.st_ino == named.st_ino && locked.st_dev == named.st_dev
            && pread(descriptor, &found, found.count, 0) == found.count && found == expected
        guard isOurs else {
            close(descriptor)
            throw WebhooksError(.refused, "\(path) has just been changed by another rotation: nothing was done here")
        }
        return descriptor
    }

    /// Removes the half-written files of rotations that were killed: each may hold a secret. For the holder of the lock, so
    /// that nobody is writing one.
    func removeLeftovers(beside path: String) {
        let (folder, name) = Self.parts(of: path)
        for other in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard other.hasPrefix("\(name)."), other.hasSuffix(Self.suffix) else { continue }
            let process = other.dropFirst(name.count + 1).dropLast(Self.suffix.count)
            guard !process.isEmpty, process.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { continue }
            unlink("\(folder)/\(other)")
        }
    }

    private static let suffix = ".partial"

    private static func parts(of path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    func write(_ text: String, to path: String) throws(WebhooksError) {
        let partial = "\(path).\(getpid())\(Self.suffix)"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.problem("write beside", path) }
        // Root may rotate what a service reads.
        let isOwned = geteuid() != 0 || fchown(descriptor, owner.uid, owner.gid) == 0
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            written += count
        }
        let isWhole = isOwned && written == bytes.count && fsync(descriptor) == 0
        let failure = isWhole && rename(partial, path) == 0 ? nil : Self.problem("write", path)
        close(descriptor)
        if let failure {
            unlink(partial)
            throw failure
        }
        syncFolder(of: path)
    }

    private func syncFolder(of path: String) {
        let descriptor = open(Self.parts(of: path).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func problem(_ action: String, _ path: String) -> WebhooksError {
        WebhooksError(.refused, "cannot \(action) \(path): \(String(cString: strerror(errno)))")
    }
}
