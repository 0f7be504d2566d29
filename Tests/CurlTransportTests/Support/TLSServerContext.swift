import Foundation

/// The server side of TLS, by the library that libcurl has brought into the process.
// Safe to share: an SSL_CTX is not changed once it is made, and making sessions from it is allowed to all threads.
final class TLSServerContext: @unchecked Sendable {
    private let context: OpaquePointer

    /// - Parameter clientAuthority: the file of the authority that a client certificate must come from, if one must come.
    init(certificate: String, key: String, clientAuthority: String? = nil) throws {
        guard let context = OpenSSL.contextNew(OpenSSL.serverMethod()),
            OpenSSL.useCertificateChainFile(context, certificate) == 1,
            OpenSSL.usePrivateKeyFile(context, key, 1) == 1
        else { throw TestFailure("TLS server context") }
        if let clientAuthority {
            guard OpenSSL.loadVerifyLocations(context, clientAuthority, nil) == 1 else {
                throw TestFailure("authority")
            }
            OpenSSL.setVerify(context, 3, nil)
        }
        self.context = context
    }

    func session(_ descriptor: Int32) -> TLSServerSession? { TLSServerSession(context, descriptor) }
}

final class TLSServerSession {
    private let session: OpaquePointer

    fileprivate init?(_ context: OpaquePointer, _ descriptor: Int32) {
        guard let session = OpenSSL.new(context) else { return nil }
        self.session = session
        _ = OpenSSL.setDescriptor(session, descriptor)
    }

    deinit { OpenSSL.free(session) }

    func accept() -> Bool { OpenSSL.accept(session) == 1 }

    func read(_ buffer: inout [UInt8]) -> Int { Int(OpenSSL.read(session, &buffer, Int32(buffer.count))) }

    func write(_ bytes: [UInt8]) -> Bool { OpenSSL.write(session, bytes, Int32(bytes.count)) == bytes.count }
}

/// The few functions of OpenSSL that a server takes.
private enum OpenSSL {
    typealias Pointer = OpaquePointer
    static let serverMethod: @convention(c) () -> Pointer? = function("TLS_server_method")
    static let contextNew: @convention(c) (Pointer?) -> Pointer? = function("SSL_CTX_new")
    static let useCertificateChainFile: @convention(c) (Pointer, UnsafePointer<CChar>) -> Int32 =
        function("SSL_CTX_use_certificate_chain_file")
    static let usePrivateKeyFile: @convention(c) (Pointer, UnsafePointer<CChar>, Int32) -> Int32 =
        function("SSL_CTX_use_PrivateKey_file")
    static let loadVerifyLocations: @convention(c) (Pointer, UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Int32 =
        function("SSL_CTX_load_verify_locations")
    static let setVerify: @convention(c) (Pointer, Int32, UnsafeRawPointer?) -> Void = function("SSL_CTX_set_verify")
    static let new: @convention(c) (Pointer) -> Pointer? = function("SSL_new")
    static let setDescriptor: @convention(c) (Pointer, Int32) -> Int32 = function("SSL_set_fd")
    static let accept: @convention(c) (Pointer) -> Int32 = function("SSL_accept")
    static let read: @convention(c) (Pointer, UnsafeMutablePointer<UInt8>, Int32) -> Int32 = function("SSL_read")
    static let write: @convention(c) (Pointer, UnsafePointer<UInt8>, Int32) -> Int32 = function("SSL_write")
    static let free: @convention(c) (Pointer) -> Void = function("SSL_free")

    private static func function<F>(_ name: String) -> F {
        // Only a test without libcurl's TLS library could get here without the symbol.
        guard let symbol = dlsym(nil, name) else { preconditionFailure("no \(name) in the process") }
        return unsafeBitCast(symbol, to: F.self)
    }
}
