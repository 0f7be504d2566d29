internal import BenchSupport
internal import Foundation

/// Measures the time that the command line takes for the small things.
extension Plan {
    func measureCommand() {
        let file = "\(harness.work)/webhooks.yaml"
        guard FileManager.default.createFile(atPath: file, contents: Data(Self.configuration.utf8)) else {
            fail("\(file) can't be written")
        }
        let program = "\(harness.binaries)/webhooks"
        let render = [
            "render", "crm", "course.created", "--data", #"{"id":101,"name":"Statistics"}"#, "--config", file,
        ]
        verdicts.add("webhooks --help", atMost: 20, unit: "ms", time(program, ["--help"]))
        verdicts.add("webhooks render", atMost: 35, unit: "ms", time(program, render))
    }

    private static let configuration = """
        store: sqlite:webhooks.sqlite
        egress: { allow: ["127.0.0.0/8"] }
        subscriptions:
          - name: crm
            url: http://127.0.0.1:1/crm
            topics: [course.*, user.*]
            profile: braincert
            payload: { "**": $data }
            schema: off
          - name: warehouse
            url: http://127.0.0.1:1/warehouse
            topics: ["**"]
            profile: standard
            secrets: [whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD]

        """

    /// Milliseconds from the start of a process to its end.
    private func time(_ program: String, _ arguments: [String]) -> Series {
        Series((0..<20).map { _ in milliseconds(program, arguments) })
    }

    private func milliseconds(_ program: String, _ arguments: [String]) -> Double {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var vector = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for argument in vector { free(argument) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var process = pid_t()
        let start = Instant.now
        guard posix_spawn(&process, program, &actions, nil, &vector, &environment) == 0 else {
            fail("\(program) does not start")
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        let wall = Instant.now.seconds(since: start) * 1000
        if status != 0 { fail("webhooks \(arguments[0]) failed") }
        return wall
    }
}
