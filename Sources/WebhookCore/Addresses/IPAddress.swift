/// An IPv4 or IPv6 address.
public enum IPAddress: Sendable, Hashable {
    /// In host byte order: 127.0.0.1 is 0x7F000001.
    case v4(UInt32)
    /// The upper and lower 64 bits, in host byte order.
    case v6(UInt64, UInt64)
}
