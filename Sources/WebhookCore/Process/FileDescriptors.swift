#if canImport(Glibc)
    internal import Glibc

    private let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#elseif canImport(Musl)
    internal import Musl

    private let openFiles = RLIMIT_NOFILE
#endif

/// The file descriptors that this process may have open at once.
package enum FileDescriptors {
    /// The soft limit, `Int.max` for none; `nil` where the system doesn't tell.
    package static var limit: Int? {
        var limit = rlimit()
        return getrlimit(openFiles, &limit) == 0 ? Int(clamping: limit.rlim_cur) : nil
    }

    /// Raises the soft limit to the hard one: every request in flight needs a descriptor. A host decides that for itself,
    /// so only the command line does it.
    package static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(openFiles, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(openFiles, &limit)
    }
}
