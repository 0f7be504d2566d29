import Dispatch
import GRDB
import Glibc
import Testing
import WebhookReceiver

/// What `run` tells a service manager (sd_notify), on a real socket.
@Suite(.timeLimit(.minutes(2))) struct ServiceManagerTests {
    private func run(
        _ sandbox: CommandEnvironment,
        _ manager: ServiceManagerSocket,
        _ arguments: [String] = [],
        environment: [String: String] = [:]
    ) throws -> Background {
        let variables = environment.merging(["NOTIFY_SOCKET": manager.name]) { $1 }
        return try Background(["run"] + arguments, in: sandbox, environment: variables)
    }

    private static let nothing =
        "0 under way, 0 queued; since the start 0 delivered, 0 failed, 0 unknown"

    @Test(arguments: [false, true])
    func `it is ready once it delivers, reloads, and stops`(isAbstract: Bool) async throws {
        let sandbox = try CommandEnvironment()
        let manager = try ServiceManagerSocket(in: sandbox, isAbstract: isAbstract)
        let run = try run(sandbox, manager)
        #expect(await manager.next() == ["STATUS=loading the configuration"])
        #expect(await manager.next() == ["READY=1", "STATUS=2 enabled; \(Self.nothing)"])
        // No sooner than a command finds it.
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)

        try sandbox.write("w.yaml", sandbox.configuration().replacing("- name: lms", with: "- name: cms"))
        run.signal(SIGHUP)
        let reloading = try await manager.messages(through: "RELOADING=1").last ?? []
        #expect(reloading.count == 3 && reloading[1].hasPrefix("MONOTONIC_USEC="))
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let microseconds = try #require(Int(reloading[1].dropFirst("MONOTONIC_USEC=".count)))
        #expect(((now.tv_sec - 60) * 1_000_000...(now.tv_sec + 1) * 1_000_000).contains(microseconds))
        let ready = try await manager.messages(through: "READY=1").last ?? []
        #expect(ready.last?.hasPrefix("STATUS=2 enabled; 0 under way") == true)

        try sandbox.write("w.yaml", "subscriptions: 7\n")
        run.signal(SIGHUP)
        let refused = try await manager.messages(through: "READY=1").last ?? []
        #expect(refused.last?.hasPrefix("STATUS=the changed configuration is refused, ") == true)
        #expect(refused.last?.contains("the one before is in force; 2 enabled; ") == true)

        run.signal(SIGTERM)
        let stopping = try await manager.messages(through: "STOPPING=1").last ?? []
        #expect(stopping == ["STOPPING=1", "STATUS=stopping; 0 under way"])
        #expect(await run.end() == 0)
    }

    @Test func `a start that is ended before it began says so`() async throws {
        let sandbox = try CommandEnvironment()
        unlink("\(sandbox.folder)/w.yaml")
        try #require(mkfifo("\(sandbox.folder)/w.yaml", 0o600) == 0)
        let manager = try ServiceManagerSocket(in: sandbox)
        let run = try run(sandbox, manager)
        #expect(await manager.next() == ["STATUS=loading the configuration"])
        run.signal(SIGTERM)
        #expect(await manager.next()?.first == "STOPPING=1")
        #expect(await run.end() == 0)
    }

    @Test func `a standby is ready, gives signs of life, and takes over`() async throws {
        let sandbox = try CommandEnvironment()
        let (one, two) = (
            try ServiceManagerSocket(in: sandbox), try ServiceManagerSocket(in: sandbox, isAbstract: true)
        )
        let first = try run(sandbox, one)
        _ = try await one.messages(through: "READY=1")
        let second = try run(sandbox, two, ["--wait"], environment: ["WATCHDOG_USEC": "200000"])
        #expect(await two.next() == ["STATUS=loading the configuration"])
        #expect(await two.next() == ["READY=1", "STATUS=standby: another dispatcher delivers"])
        for _ in 0..<2 { #expect(await two.next() == ["WATCHDOG=1"]) }
        first.signal(SIGTERM)
        #expect(await first.end() == 0)
        #expect(try await two.messages(through: "READY=1").last?.last == "STATUS=2 enabled; \(Self.nothing)")
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        second.signal(SIGTERM)
        #expect(await second.end() == 0)
    }

    /// Another program holds the store's write lock, so that nothing can be recorded.
    @Test func `signs of life cease where deliveries don't get on, and the part that hangs is named`() async throws {
        let (asked, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let sandbox = try CommandEnvironment { _ in
            asked.signal()
            gate.wait()
            return .noContent
        }
        defer { gate.signal() }
        let manager = try ServiceManagerSocket(in: sandbox)
        let run = try run(sandbox, manager, environment: ["WATCHDOG_USEC": "200000"])
        for _ in 0..<3 { _ = try await manager.messages(through: "WATCHDOG=1") }
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--detach").status == 0)
        await Program.blocking { asked.wait() }

        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: "\(sandbox.folder)/w.sqlite", configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        // Its answer is to be recorded now.
        gate.signal()
        _ = try await manager.messages(through: "STATUS=no sign of life from the store for ")
        // A second later it still hangs.
        let hanging = try await manager.messages(through: "STATUS=no sign of life from the store for ")
        #expect(!hanging.joined().contains("WATCHDOG=1"))

        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        let figures = "STATUS=2 enabled; 0 under way, 0 queued; since the start 1 delivered"
        #expect(try await manager.messages(through: figures).last?.first == "WATCHDOG=1")
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
    }

    @Test func `nobody's watchdog, and a manager that is gone, are no trouble`() async throws {
        let sandbox = try CommandEnvironment()
        let manager = try ServiceManagerSocket(in: sandbox)
        let run = try run(sandbox, manager, environment: ["WATCHDOG_USEC": "2000", "WATCHDOG_PID": "1"])
        _ = try await manager.messages(through: "READY=1")
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        run.signal(SIGTERM)
        let rest = try await manager.messages(through: "STOPPING=1")
        #expect(!rest.joined().contains("WATCHDOG=1"))
        #expect(await run.end() == 0)

        for name in ["\(sandbox.folder)/nobody", "vsock:2:1", "/" + String(repeating: "x", count: 200)] {
            let variables = ["NOTIFY_SOCKET": name]
            let alone = try await sandbox.run(["run", "--until-idle"], environment: variables)
            #expect(alone.status == 0)
            #expect(alone.err.contains("the service manager can't be told of this process"))
        }
    }
}
