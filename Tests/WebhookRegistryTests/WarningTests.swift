import Testing
import WebhookCore
import WebhookRegistry

/// What loads and is probably not what was meant.
@Suite struct WarningTests {
    private func problems(_ text: String, _ statuses: [String: FileStatus] = [:], _ more: [String: String] = [:])
        -> [String]
    {
        var files = MemoryFiles(more.merging(["conf/w.yaml": text]) { first, _ in first })
        files.statuses = statuses
        return ConfigurationLoader(environment: ["DB": "postgres://u:p@h/d"], files: files)
            .load(path: "conf/w.yaml").diagnostics.map(\.description)
    }

    private func warnings(_ lines: String, profile: String = "thinkific") -> [String] {
        problems(Sample.subscription(lines, profile: profile))
    }

    @Test func settingsWithoutEffect() {
        let alone = "under `mode: single-shot` there is one attempt and no other"
        #expect(
            warnings("delivery: { mode: single-shot, schedule: [5s], jitter: 5% }") == [
                "conf/w.yaml:6:36: warning: `schedule` does nothing here: \(alone)",
                "conf/w.yaml:6:52: warning: `jitter` does nothing here: \(alone)",
            ]
        )
        #expect(warnings("delivery: { schedule: [5s] }", profile: "braincert").count == 1)
        #expect(warnings("delivery: { mode: retry, schedule: [5s] }", profile: "braincert") == [])
        #expect(
            warnings("delivery: { ordered: true, maxInFlight: 4 }") == [
                "conf/w.yaml:6:32: warning: `maxInFlight` does nothing here: "
                    + "with `ordered: true` the next request waits for the one before"
            ]
        )
        #expect(warnings("delivery: { ordered: true, maxInFlight: 1 }") == [])
        #expect(
            warnings("delivery: { timeout: 2s, connectTimeout: 3s }") == [
                "conf/w.yaml:6:30: warning: `connectTimeout` does nothing here: `timeout` ends the whole attempt before"
            ]
        )
        let twice = problems(Sample.subscription("", profile: "thinkific", topics: "[user.created, user.created]"))
        #expect(twice == ["conf/w.yaml:4:28: warning: this topic stands here already"])
    }

    @Test func aSecondSecretThatDoesNothing() {
        for (profile, signs) in [("thinkific", false), ("fermion", false), ("loopwise", false), ("standard", true)] {
            let secret = signs ? Sample.whsec : "a-long-enough-secret"
            let found = warnings("secrets: [\(secret), \(secret)x]", profile: profile).filter { $0.contains("warning") }
            #expect(found.count == (signs ? 0 : 1), "\(profile): \(found)")
            #expect(found.allSatisfy { $0.contains("this secret does nothing") })
        }
    }

    @Test func shortSecrets() {
        let message = "warning: the secret is shorter than 16 bytes: it can be guessed"
        #expect(warnings("secrets: [short]") == ["conf/w.yaml:6:15: \(message)"])
        #expect(warnings("secrets: [sixteen-bytes-ok]") == [])
        #expect(warnings("bearer: short") == ["conf/w.yaml:6:13: \(message.replacing("the secret", with: "`bearer`"))"])
    }

    @Test(arguments: [
        ("0.0.0.0/0", true), ("0.0.0.0/0:8080", true), ("::/0", true), ("'[::/0]:443'", true), ("0.0.0.0/1", true),
        ("10.0.0.0/8", false), ("fc00::/7", false), ("127.0.0.0/8", false), ("crm.internal:8080", false),
    ])
    func wideEgress(entry: String, isWide: Bool) {
        let found = problems("egress: { allow: [\(entry.hasPrefix(":") ? "\"\(entry)\"" : entry)] }")
        #expect(found.count == (isWide ? 1 : 0), "\(found)")
        #expect(found.allSatisfy { $0.hasPrefix("conf/w.yaml:1:19: warning: this opens ") })
    }

    @Test func storesThatCannotBe() {
        let folder = FileStatus(kind: .folder, mode: 0o755)
        let file = FileStatus(kind: .file, mode: 0o644)
        var locked = folder
        locked.isWritable = false
        var readOnly = file
        readOnly.isWritable = false
        func store(_ text: String, _ statuses: [String: FileStatus]) -> [String] {
            problems("store: \(text)", statuses)
        }
        #expect(store("sqlite:a/b.sqlite", ["conf": folder]) == [])
        #expect(store("sqlite:a/b.sqlite", ["conf": folder, "conf/a": folder, "conf/a/b.sqlite": file]) == [])
        #expect(
            store("sqlite:a/b/c.sqlite", ["conf": folder, "conf/a": file])
                == ["conf/w.yaml:1:8: `store` can't exist: conf/a is not a folder"]
        )
        #expect(
            store("sqlite:/a/b.sqlite", ["/": locked])
                == [
                    "conf/w.yaml:1:8: warning: `store` can't be made or written: this user may not write in the folder /"
                ]
        )
        #expect(store("sqlite:a", ["conf": folder, "conf/a": readOnly]).first?.contains("can't be written") == true)
        #expect(store("sqlite:a", ["conf": folder, "conf/a": folder]).first?.contains("is a folder") == true)
        #expect(store("sqlite:a", ["conf": locked, "conf/a": file]).first?.contains("the folder conf") == true)
        let loader = ConfigurationLoader(environment: [:], files: MemoryFiles(["w.yaml": "store: sqlite:fine"]))
        let overridden = loader.load(path: "w.yaml", storeOverride: "postgres://h:0/d").diagnostics.map(\.description)
        #expect(overridden.count == 1 && overridden[0].hasPrefix("w.yaml: the store given beside it "))
    }

    @Test func aFileThatOthersMayReadAndThatHoldsASecret() {
        func found(_ text: String, _ mode: UInt32) -> [String] {
            let status = FileStatus(kind: .file, mode: mode, owner: 7, group: 100)
            return problems(text, ["conf/w.yaml": status], ["conf/s": "a-long-enough-secret"])
        }
        let message =
            "warning: other users of this machine may read conf/w.yaml, which holds a literal secret: "
            + "chmod 600 conf/w.yaml, or write { file: PATH } or { env: NAME }"
        for (lines, column) in [
            ("secrets: [a-long-enough-secret, another-long-secret]", 15), ("bearer: a-long-enough-secret", 13),
            ("authorization: Basic a-long-enough-secret", 20),
            ("basicAuth: { username: lms, password: a-long-enough-secret }", 43),
        ] {
            let text = Sample.subscription(lines)
            #expect(found(text, 0o644).filter { $0.contains("literal") } == ["conf/w.yaml:6:\(column): \(message)"])
            #expect(!found(text, 0o600).contains { $0.contains("literal") })
        }
        let proxy = "egress: { proxy: 'http://u:canary@proxy.internal:3128' }"
        #expect(found(proxy, 0o644) == ["conf/w.yaml:1:18: \(message)"])
        // A name, a plain header and a secret from elsewhere are none.
        for lines in [
            "headers: { X-Environment: production }", "secrets: [{ file: s }]",
            "basicAuth: { username: lms, password: { file: s } }",
        ] {
            #expect(found(Sample.subscription(lines, profile: "thinkific"), 0o644) == [])
        }
        #expect(found("egress: { proxy: 'http://proxy.internal:3128' }", 0o644) == [])
    }

    @Test func filesThatOthersMayReadOrChange() {
        func found(_ secret: UInt32, config: UInt32 = 0o644, folder: UInt32 = 0o755, group: UInt32 = 100) -> [String] {
            problems(
                Sample.subscription("secrets: [{ file: s/a.secret }]", profile: "fermion"),
                [
                    "conf/s/a.secret": FileStatus(kind: .file, mode: secret, owner: 7, group: group),
                    "conf/w.yaml": FileStatus(kind: .file, mode: config, owner: 7, group: group),
                    "conf/s": FileStatus(kind: .folder, mode: folder, owner: 7, group: group),
                ],
                ["conf/s/a.secret": "a-long-enough-secret"]
            )
        }
        #expect(found(0o600) == [])
        #expect(found(0o400) == [])
        for mode: UInt32 in [0o644, 0o640, 0o604] {
            #expect(
                found(mode) == [
                    "conf/w.yaml:6:23: warning: other users of this machine may read the secret in conf/s/a.secret: "
                        + "chmod 600 conf/s/a.secret"
                ]
            )
        }
        // Many systems give every user a group alone.
        #expect(found(0o660, config: 0o664, folder: 0o775, group: 7) == [])
        #expect(found(0o600, config: 0o666, group: 7).count == 1)
        let open = found(0o600, config: 0o664)
        #expect(
            open == ["conf/w.yaml: warning: other users of this machine may change conf/w.yaml: chmod go-w conf/w.yaml"]
        )
        #expect(found(0o600, folder: 0o777).first?.contains("may change conf/s:") == true)
        #expect(found(0o600, folder: 0o1777) == [])
    }

    @Test(arguments: [
        // This user's own; root's own beside the configuration, and root's of the system.
        ("s/a.secret", 7, FileStatus.Access.own, 0o644, "chmod 600 conf/s/a.secret"),
        ("s/a.secret", 0, .own, 0o644, "chmod 600 conf/s/a.secret"),
        ("/etc/a.secret", 0, .own, 0o644, "install -m 600 /etc/a.secret conf/a.secret"),
        ("../a.secret", 0, .own, 0o644, "install -m 600 conf/../a.secret conf/a.secret"),
        // Another's: nothing that this user may change. Through its own group it reads what others can't.
        ("s/a.secret", 8, .other, 0o644, "install -m 600 conf/s/a.secret conf/a.secret"),
        ("s/a.secret", 0, .group, 0o644, "install -m 600 conf/s/a.secret conf/a.secret"),
        ("s/a.secret", 0, .group, 0o640, ""), ("s/a.secret", 8, .other, 0o640, "install -m 600"),
    ])
    func `the advice about a secret's rights is one that its reader can follow`(
        path: String,
        owner: UInt32,
        access: FileStatus.Access,
        mode: UInt32,
        advice: String
    ) {
        let file = path.hasPrefix("/") ? path : "conf/\(path)"
        let found = problems(
            Sample.subscription("secrets: [{ file: \(path) }]", profile: "fermion"),
            [file: FileStatus(kind: .file, mode: mode, owner: owner, group: 100, access: access)],
            [file: "a-long-enough-secret"]
        )
        #expect(found.count == (advice.isEmpty ? 0 : 1), "\(found)")
        #expect(found.allSatisfy { $0.contains(advice) }, "\(found)")
    }

    @Test func `who may not change rights is not told to`() {
        let others = FileStatus(kind: .file, mode: 0o666, owner: 8, group: 100, access: .other)
        let literal = problems(
            Sample.subscription("secrets: [a-long-enough-secret]", profile: "fermion"),
            ["conf/w.yaml": others],
            [:]
        )
        #expect(literal.count == 2 && !literal.contains { $0.contains("chmod") }, "\(literal)")
    }

    @Test func `nobody is told to change the rights of a device`() {
        let device = FileStatus(kind: .other, mode: 0o666, owner: 0, group: 1)
        let secret = problems(
            Sample.subscription("secrets: [{ file: s/a.secret }]", profile: "fermion"),
            ["conf/s/a.secret": device],
            ["conf/s/a.secret": "a-long-enough-secret"]
        )
        #expect(secret == [])
        let literal = Sample.subscription("secrets: [a-long-enough-secret]", profile: "fermion")
        #expect(problems(literal, ["conf/w.yaml": device], [:]) == [])
    }
}
