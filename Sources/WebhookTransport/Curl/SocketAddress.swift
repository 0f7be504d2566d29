internal import Glibc
internal import WebhookCore

/// An address and port as the socket calls know them.
struct SocketAddress: Hashable {
    var address: IPAddress
    var port: UInt16

    init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Reads a `sockaddr` of any family; `nil` where it is neither IPv4 nor IPv6.
    init?(_ pointer: UnsafeRawPointer, length: Int) {
        guard length >= MemoryLayout<sa_family_t>.size else { return nil }
        switch Int32(pointer.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            let value = pointer.loadUnaligned(as: sockaddr_in.self)
            address = .v4(UInt32(bigEndian: value.sin_addr.s_addr))
            port = UInt16(bigEndian: value.sin_port)
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            var value = pointer.loadUnaligned(as: sockaddr_in6.self)
            let (upper, lower) = withUnsafeBytes(of: &value.sin6_addr) { bytes in
                (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            address = .v6(UInt64(bigEndian: upper), UInt64(bigEndian: lower))
            port = UInt16(bigEndian: value.sin6_port)
        default:
            return nil
        }
    }
}

extension IPAddress {
    /// The address as it stands before a port: IPv6 in brackets.
    var bracketed: String {
        switch self {
        case .v4: description
        case .v6: "[\(description)]"
        }
    }
}
