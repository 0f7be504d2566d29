internal import Glibc

/// A certificate in a file of the temporary folder, for as long as the object lives.
final class CertificateFile: Sendable {
    let path: String

    init(_ pem: String, port: UInt16) throws {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let path = "\(folder)/webhooks-listen-\(getpid())-\(port).pem"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        let bytes = Array(pem.utf8)
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            if descriptor >= 0 { close(descriptor) }
            throw CommandFailure(
                .unavailable,
                code: "receiver",
                "cannot write the certificate to \(path): \(String(cString: strerror(errno)))",
                hint: "TMPDIR names another folder"
            )
        }
        close(descriptor)
        self.path = path
    }

    deinit { unlink(path) }
}
