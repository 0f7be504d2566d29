import Foundation
import WebhookSimulation

/// The server side of TLS, by the system's OpenSSL.
// Safe to share: an SSL_CTX is not changed once it is made, and making sessions from it is allowed to all threads.
final class TLSServer: @unchecked Sendable {
    private let context: OpaquePointer
    /// The certificate's file, which is its own authority.
    let certificate: String

    /// Makes a certificate for 127.0.0.1 in a folder.
    init(folder: String) throws {
        certificate = folder + "/certificate.pem"
        let key = folder + "/certificate.key"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "30", "-subj", "/CN=faults", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let library = try OpenSSL.load()
        guard process.terminationStatus == 0, let context = library.contextNew(library.serverMethod()),
            library.useCertificateChainFile(context, certificate) == 1,
            library.usePrivateKeyFile(context, key, 1) == 1
        else { throw Problem("cannot make a TLS server") }
        self.context = context
    }

    /// A session over a connected socket; `nil` where the handshake fails.
    func accept(_ descriptor: Int32) -> TLSSession? { TLSSession(context, descriptor) }
}

final class TLSSession: ConnectionSession {
    private let session: OpaquePointer
    private let library: OpenSSL

    fileprivate init?(_ context: OpaquePointer, _ descriptor: Int32) {
        guard let library = try? OpenSSL.load(), let session = library.new(context) else { return nil }
        self.library = library
        self.session = session
        guard library.setDescriptor(session, descriptor) == 1, library.accept(session) == 1 else { return nil }
    }

    deinit { library.free(session) }

    func read(_ buffer: inout [UInt8]) -> Int { Int(library.read(session, &buffer, Int32(buffer.count))) }

    func write(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBytes { Int(library.write(session, $0.baseAddress, Int32($0.count))) }
    }

    /// Sends a session ticket that nobody has asked for. Whether it could be sent.
    func sendTicket() -> Bool { library.newSessionTicket(session) == 1 && library.doHandshake(session) == 1 }

    /// Changes the key. Whether that could be sent.
    func updateKey() -> Bool { library.keyUpdate(session, 0) == 1 && library.doHandshake(session) == 1 }
}

/// The few functions of OpenSSL that a server takes.
private struct OpenSSL: Sendable {
    let serverMethod: @convention(c) @Sendable () -> OpaquePointer?
    let contextNew: @convention(c) @Sendable (OpaquePointer?) -> OpaquePointer?
    let useCertificateChainFile: @convention(c) @Sendable (OpaquePointer, UnsafePointer<CChar>) -> Int32
    let usePrivateKeyFile: @convention(c) @Sendable (OpaquePointer, UnsafePointer<CChar>, Int32) -> Int32
    let new: @convention(c) @Sendable (OpaquePointer) -> OpaquePointer?
    let setDescriptor: @convention(c) @Sendable (OpaquePointer, Int32) -> Int32
    let accept: @convention(c) @Sendable (OpaquePointer) -> Int32
    let read: @convention(c) @Sendable (OpaquePointer, UnsafeMutablePointer<UInt8>, Int32) -> Int32
    let write: @convention(c) @Sendable (OpaquePointer, UnsafeRawPointer?, Int32) -> Int32
    let newSessionTicket: @convention(c) @Sendable (OpaquePointer) -> Int32
    let keyUpdate: @convention(c) @Sendable (OpaquePointer, Int32) -> Int32
    let doHandshake: @convention(c) @Sendable (OpaquePointer) -> Int32
    let free: @convention(c) @Sendable (OpaquePointer) -> Void

    private static let shared = Result { try OpenSSL() }

    static func load() throws -> OpenSSL { try shared.get() }

    private init() throws {
        guard let library = dlopen("libssl.so.3", RTLD_NOW) else { throw Problem("there is no libssl.so.3") }
        func function<F>(_ name: String) throws -> F {
            guard let symbol = dlsym(library, name) else { throw Problem("there is no \(name) in libssl") }
            return unsafeBitCast(symbol, to: F.self)
        }
        serverMethod = try function("TLS_server_method")
        contextNew = try function("SSL_CTX_new")
        useCertificateChainFile = try function("SSL_CTX_use_certificate_chain_file")
        usePrivateKeyFile = try function("SSL_CTX_use_PrivateKey_file")
        new = try function("SSL_new")
        setDescriptor = try function("SSL_set_fd")
        accept = try function("SSL_accept")
        read = try function("SSL_read")
        write = try function("SSL_write")
        newSessionTicket = try function("SSL_new_session_ticket")
        keyUpdate = try function("SSL_key_update")
        doHandshake = try function("SSL_do_handshake")
        free = try function("SSL_free")
    }
}
