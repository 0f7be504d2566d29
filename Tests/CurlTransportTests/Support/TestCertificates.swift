import Foundation
import WebhookCore

/// Certificates made for this run: an authority, one for a server, one for a client, and bad ones.
struct TestCertificates: Sendable {
    let folder: String
    let authority: ByteString

    static let shared = Result { try TestCertificates() }

    private init() throws {
        let folder = NSTemporaryDirectory() + "transport-tests-\(UUID().uuidString)"
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        func selfSigned(_ name: String, _ arguments: [String]) throws {
            try run(["req", "-x509"] + newKey + ["-keyout", "\(name).key", "-out", "\(name).pem"] + arguments)
        }
        func signed(
            _ name: String,
            subject: String,
            days: [String],
            extensions: String,
            by issuer: String = "authority",
            key: [String]? = nil
        ) throws {
            try Data(extensions.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).ext"))
            try run(["req"] + (key ?? newKey) + ["-keyout", "\(name).key", "-out", "\(name).csr", "-subj", subject])
            try run(
                [
                    "x509", "-req", "-in", "\(name).csr", "-CA", "\(issuer).pem", "-CAkey", "\(issuer).key",
                    "-CAcreateserial", "-out", "\(name).pem", "-extfile", "\(name).ext",
                ] + days
            )
        }
        func run(_ arguments: [String]) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["openssl"] + arguments
            process.currentDirectoryURL = URL(fileURLWithPath: folder)
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw TestFailure("openssl \(arguments)") }
        }
        try selfSigned("authority", ["-subj", "/CN=Test authority", "-days", "2"])
        try selfSigned(
            "selfsigned",
            ["-subj", "/CN=receiver.test", "-days", "2", "-addext", "subjectAltName=DNS:receiver.test"]
        )
        let name = "subjectAltName=DNS:receiver.test"
        try signed("server", subject: "/CN=receiver.test", days: ["-days", "2"], extensions: name)
        try signed(
            "loopback",
            subject: "/CN=loopback",
            days: ["-days", "2"],
            extensions: "subjectAltName=IP:127.0.0.1"
        )
        try signed("expired", subject: "/CN=receiver.test", days: ["-days", "-1"], extensions: name)
        try signed("client", subject: "/CN=sender", days: ["-days", "2"], extensions: "extendedKeyUsage=clientAuth")
        let rsa = ["-newkey", "rsa:2048", "-nodes"]
        try signed("rsa", subject: "/CN=receiver.test", days: ["-days", "2"], extensions: name, key: rsa)
        try signed(
            "exponent",
            subject: "/CN=receiver.test",
            days: ["-days", "2"],
            extensions: name,
            key: rsa + ["-pkeyopt", "rsa_keygen_pubexp:1099511627791"]
        )
        // A server's certificate behind a number of others.
        for (chain, length, curve) in [("short", 3, "P-384"), ("long", 10, "P-256"), ("curve", 1, "secp256k1")] {
            let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:\(curve)", "-nodes"]
            var issuer = "authority"
            var issuers: [String] = []
            for number in 1...length {
                let link = "\(chain)\(number)"
                let isAuthority = "basicConstraints=critical,CA:TRUE"
                try signed(
                    link,
                    subject: "/CN=\(link)",
                    days: ["-days", "2"],
                    extensions: isAuthority,
                    by: issuer,
                    key: key
                )
                issuer = link
                issuers.insert(link, at: 0)
            }
            try signed(chain, subject: "/CN=receiver.test", days: ["-days", "2"], extensions: name, by: issuer)
            let all = try ([chain] + issuers).map { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0).pem")) }
            try Data(all.joined()).write(to: URL(fileURLWithPath: "\(folder)/\(chain).pem"))
        }
        authority = try Self.read("\(folder)/authority.pem")
    }

    func contents(_ file: String) throws -> ByteString { try Self.read("\(folder)/\(file)") }

    func server(_ name: String, clientAuthority: Bool = false) throws -> TLSServerContext {
        try TLSServerContext(
            certificate: "\(folder)/\(name).pem",
            key: "\(folder)/\(name).key",
            clientAuthority: clientAuthority ? "\(folder)/authority.pem" : nil
        )
    }

    private static func read(_ path: String) throws -> ByteString {
        ByteString(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
