import Glibc

/// A group that the harness's children belong to. It is killed when this process ends, however it ends: a member of its own
/// reads from a pipe whose other end only this process holds.
final class ProcessGroup: Sendable {
    let id: pid_t
    private let lifeline: Int32

    /// - Parameter mounts: file systems to unmount then.
    init(mounts: [String]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Problem("cannot make a pipe") }
        // Nobody else may hold it; nothing is started before this is so.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        lifeline = ends[1]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        let script = #"read -r line; for mount do umount -l "$mount" 2>/dev/null; done; kill -s KILL -- -$$"#
        let words = (["/bin/sh", "-c", script, "guard"] + mounts).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child = pid_t()
        let code = posix_spawn(&child, "/bin/sh", &actions, &attributes, words, environ)
        guard code == 0 else {
            close(lifeline)
            throw Problem("cannot start /bin/sh: \(String(cString: strerror(code)))")
        }
        id = child
    }

    /// Kills all of it; what is started in it afterwards fails.
    func end() { Glibc.kill(-id, SIGKILL) }

    /// Kills what is left of it.
    deinit {
        end()
        close(lifeline)
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
    }
}
