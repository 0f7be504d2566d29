import CWebhooksCurl
import Foundation
import Synchronization
import WebhookSimulation

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

    /// Makes the context ready as the transport does for a handshake of its own.
    func prepare(_ call: OpaquePointer) -> Bool {
        webhooks_curl_prepare_tls(UnsafeMutableRawPointer(context), call, false)
    }

    /// True when a read goes on past records that hold no data (SSL_MODE_AUTO_RETRY), as OpenSSL has it by default.
    var readsOn: Bool { OpenSSL.control(context, 33, 0, nil) & 4 != 0 }

    func session(_ descriptor: Int32) -> TLSServerSession? { TLSServerSession(context, descriptor) }

    /// For records written by hand: one cipher, no tickets of the library's own, and the keys are noted.
    func forHandwrittenRecords() throws -> TLSServerContext {
        guard OpenSSL.setCiphers(context, "TLS_AES_128_GCM_SHA256") == 1, OpenSSL.setTicketCount(context, 0) == 1 else {
            throw TestFailure("TLS 1.3")
        }
        OpenSSL.setKeyLog(context) { session, line in
            guard let session, let line else { return }
            let words = String(cString: line).split(separator: " ")
            guard words.count == 3, words[0] == "SERVER_TRAFFIC_SECRET_0" else { return }
            let digits = Array(words[2].utf8)
            let bytes = stride(from: 0, to: digits.count - 1, by: 2).map {
                UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16) ?? 0
            }
            TLSServerSession.secrets.withLock { $0[UInt(bitPattern: session)] = bytes }
        }
        return self
    }

    /// Speaks HTTP/2 with whoever can.
    func forHTTP2() -> TLSServerContext {
        OpenSSL.setProtocolChoice(
            context,
            { _, out, length, _, _, _ in
                out?.pointee = TLSServerContext.http2
                length?.pointee = 2
                return 0
            },
            nil
        )
        return self
    }

    /// Speaks TLS 1.2 and nothing newer.
    func forTLS12() -> TLSServerContext {
        // SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_2_VERSION
        _ = OpenSSL.control(context, 124, 0x0303, nil)
        return self
    }

    /// Exchanges keys in a finite field alone: under TLS 1.2 by its cipher, under TLS 1.3 by its group.
    func forFiniteField(isTLS12: Bool) throws -> TLSServerContext {
        guard isTLS12 else { return try forGroups("ffdhe2048") }
        // SSL_CTRL_SET_DH_AUTO
        guard OpenSSL.control(forTLS12().context, 118, 1, nil) == 1,
            OpenSSL.setCiphersBeforeTLS13(context, "DHE-RSA-AES256-GCM-SHA384") == 1
        else { throw TestFailure("TLS 1.2") }
        return self
    }

    /// Exchanges keys in these groups alone.
    func forGroups(_ names: String) throws -> TLSServerContext {
        var names = Array(names.utf8CString)
        // SSL_CTRL_SET_GROUPS_LIST
        guard OpenSSL.control(context, 92, 0, &names) == 1 else { throw TestFailure("groups") }
        return self
    }

    /// "h2", for good.
    nonisolated(unsafe) private static let http2: UnsafePointer<UInt8> = {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 2)
        (bytes[0], bytes[1]) = (UInt8(ascii: "h"), UInt8(ascii: "2"))
        return UnsafePointer(bytes)
    }()
}

final class TLSServerSession: ConnectionSession {
    /// The secrets of sessions whose keys are noted.
    fileprivate static let secrets = Mutex<[UInt: [UInt8]]>([:])

    private let session: OpaquePointer

    /// The secret by which the server's records are encrypted from here on.
    var secret: [UInt8]? { Self.secrets.withLock { $0[UInt(bitPattern: session)] } }

    /// Asks the client for another handshake, without waiting for its answer.
    func askForHandshake() -> Bool { OpenSSL.renegotiate(session) == 1 && OpenSSL.handshake(session) == 1 }

    fileprivate init?(_ context: OpaquePointer, _ descriptor: Int32) {
        guard let session = OpenSSL.new(context) else { return nil }
        self.session = session
        _ = OpenSSL.setDescriptor(session, descriptor)
    }

    deinit { OpenSSL.free(session) }

    func accept() -> Bool { OpenSSL.accept(session) == 1 }

    func read(_ buffer: inout [UInt8]) -> Int { Int(OpenSSL.read(session, &buffer, Int32(buffer.count))) }

    func write(_ bytes: ArraySlice<UInt8>) -> Int {
        Int(OpenSSL.write(session, Array(bytes), Int32(bytes.count)))
    }
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
    static let setCiphers: @convention(c) (Pointer, UnsafePointer<CChar>) -> Int32 =
        function("SSL_CTX_set_ciphersuites")
    static let setCiphersBeforeTLS13: @convention(c) (Pointer, UnsafePointer<CChar>) -> Int32 =
        function("SSL_CTX_set_cipher_list")
    static let setTicketCount: @convention(c) (Pointer, Int) -> Int32 = function("SSL_CTX_set_num_tickets")
    static let setKeyLog: @convention(c) (Pointer, @convention(c) (Pointer?, UnsafePointer<CChar>?) -> Void) -> Void =
        function("SSL_CTX_set_keylog_callback")
    typealias ProtocolChoice =
        @convention(c) (
            Pointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
            UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
        ) -> Int32
    static let setProtocolChoice: @convention(c) (Pointer, ProtocolChoice, UnsafeMutableRawPointer?) -> Void =
        function("SSL_CTX_set_alpn_select_cb")
    static let control: @convention(c) (Pointer, Int32, Int, UnsafeMutableRawPointer?) -> Int =
        function("SSL_CTX_ctrl")
    static let renegotiate: @convention(c) (Pointer) -> Int32 = function("SSL_renegotiate")
    static let handshake: @convention(c) (Pointer) -> Int32 = function("SSL_do_handshake")
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
