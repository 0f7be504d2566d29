internal import Glibc
internal import WebhookCore
internal import WebhooksSQLite

/// Findings about a store's files or server, and the dispatcher that works on them.
struct StoreFindings {
    private let log: WebhookLog

    init(_ log: WebhookLog) { self.log = log }

    /// Less free room than that is worth a word, in bytes.
    private static let noticeFree: Int64 = 1 << 30

    func findings(_ registry: Registry?, at now: Timestamp) async -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        do throws(StoreError) {
            let access = try log.stores.access()
            if access is SQLiteAccess || access is HostAccess {
                let path = try log.stores.path(for: "doctor")
                let prefix = (access as? SQLiteAccess)?.prefix ?? (access as? HostAccess)?.host.prefix ?? .standard
                findings = Self.place(path, prefix)
                guard Self.isThere(path) else { return findings }
                findings += Self.rights(path)
            }
        } catch {
            let hint = "`store: sqlite:PATH` in the configuration, or --store"
            return [DoctorFinding(.store, "none", .error, error.message, hint: hint)]
        }
        do throws(StoreError) {
            findings += try await log.stores.serverFindings()
        } catch {
            return [DoctorFinding(.store, error.code.rawValue, .error, error.message)]
        }
        do throws(WebhooksError) {
            let configured = registry.map { $0.subscriptions.map { ($0.name, $0.isEnabled) } }
            let status = try await log.status(configured: configured, at: now)
            findings += Self.dispatcher(status)
            findings += status.problems.filter { $0.code != "no_dispatcher" && $0.code != "disk" }.map { problem in
                // What waits or is held is for `status`; what breaks delivery is an error.
                let isError = ["not_responding", "store_trouble", "wal"].contains(problem.code)
                return DoctorFinding(
                    .store,
                    problem.code,
                    isError ? .error : .warning,
                    problem.message,
                    hint: problem.hint
                )
            }
            findings += status.warnings.map {
                DoctorFinding(.store, $0.code, .warning, $0.message, hint: $0.hint)
            }
        } catch  where error.store?.code == .missing {
            findings.append(DoctorFinding(.store, "no_store", .ok, error.message))
        } catch {
            let hint =
                error.store?.code == .damaged
                ? "`webhooks check` tells more; restore a backup, without the `-wal` and `-shm` of this one"
                : error.remedy?.text(for: .commandLine)
            findings.append(
                DoctorFinding(.store, error.store?.code.rawValue ?? "store", .error, error.message, hint: hint)
            )
        }
        return findings
    }

    /// The folder, the disk, the file system.
    private static func place(_ path: String, _ prefix: TablePrefix) -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        let folder = nearestFolder(of: path)
        if access(folder, W_OK | X_OK) != 0 {
            let hint = "SQLite makes files beside the store: give this user the right to write there"
            findings.append(DoctorFinding(.store, "folder_rights", .error, "\(folder) can't be written to", hint: hint))
        }
        if let loss = SQLiteStore.loss(of: path, prefix) {
            findings.append(DoctorFinding(.store, "missing", .error, loss))
        } else if !isThere(path), access(folder, X_OK) == 0 {
            findings.append(
                DoctorFinding(.store, "no_store", .ok, "there is no store yet; the first emit makes \(path)")
            )
        }
        if let free = StoreFindings.free(besides: folder), free < noticeFree {
            let message = StoreStatus.freeText(free, path)
            let severity: DoctorFinding.Severity = free < StatusRules.leastFree ? .error : .warning
            let hint = "make room: a store that can't grow delivers nothing"
            findings.append(DoctorFinding(.store, "disk", severity, message, hint: hint))
        }
        if SQLiteStore.isOnNetworkDisk(folder) {
            let hint = "SQLite's write-ahead log needs a disk of this machine: move the store there"
            findings.append(
                DoctorFinding(.store, "network_disk", .error, "\(folder) is on a network file system", hint: hint)
            )
        }
        return findings
    }

    private static func rights(_ path: String) -> [DoctorFinding] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [] }
        if access(path, R_OK | W_OK) != 0 {
            let hint = "run as its owner (user \(status.st_uid)), or give this user the right"
            return [DoctorFinding(.store, "rights", .error, "\(path) can't be read and written", hint: hint)]
        }
        if status.st_mode & 0o077 != 0 {
            let message = "other users of this machine may read \(path), which holds bodies and answers"
            let hint =
                [0, status.st_uid].contains(geteuid())
                ? "chmod 600 \(path)*"
                : "let its owner (user \(status.st_uid)) run the dispatcher, and chmod 600 \(path)*"
            return [DoctorFinding(.store, "rights", .warning, message, hint: hint)]
        }
        return []
    }

    private static func dispatcher(_ status: StoreStatus) -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        guard let dispatcher = status.dispatcher else {
            if let lost = status.reconnecting {
                return [DoctorFinding(.store, lost.code, .warning, lost.message, hint: lost.hint)]
            }
            let message = "no dispatcher runs on \(status.files.path)"
            return [
                DoctorFinding(.store, "no_dispatcher", .warning, message, hint: "start one: `webhooks run` or `serve`")
            ]
        }
        if let nodes = status.nodes, nodes.count > 1 {
            let all = nodes.map { "process \($0.record.pid) on \($0.record.host)" }.joined(separator: ", ")
            findings.append(
                DoctorFinding(.store, "dispatchers", .ok, "\(nodes.count) dispatchers share the store: \(all)")
            )
        }
        let who = "process \(dispatcher.processID)"
        let since = dispatcher.since.map { " since \($0)" } ?? ""
        findings.append(DoctorFinding(.store, "dispatcher", .ok, "\(who) is the dispatcher\(since)"))
        if let version = dispatcher.version, version != ProductVersion.current {
            let message = "\(who) is version \(version), and this command is \(ProductVersion.current)"
            findings.append(DoctorFinding(.store, "version", .warning, message, hint: "restart it after an upgrade"))
        }
        return findings
    }

    /// Bytes that this user may still write on the disk of a file; `nil` where that can't be told.
    private static func free(besides path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
        )
    }

    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// The folder of a file, or the one above that it would be made in.
    private static func nearestFolder(of path: String) -> String {
        var folder = path
        repeat {
            guard let slash = folder.lastIndex(of: "/") else { return "." }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        } while folder != "/" && !isThere(folder)
        return folder
    }
}
