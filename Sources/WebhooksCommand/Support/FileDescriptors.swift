internal import Glibc

/// The limit of open files.
enum FileDescriptors {
    /// Raises the soft limit to the hard one: every request in flight needs a descriptor. A host decides that for itself,
    /// so only the command line does it.
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
        else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
