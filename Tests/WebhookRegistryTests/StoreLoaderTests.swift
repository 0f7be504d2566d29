import Testing
import WebhookCore
import WebhookRegistry

/// `store` in its forms.
@Suite struct StoreLoaderTests {
    private static let environment = [
        "DB": "postgres://lms:hunter2@db/lms", "PW": "hunter2", "FILE": "sqlite:/w.sqlite",
    ]

    private func load(_ store: String) -> LoadedConfiguration {
        Sample.load(
            "store: \(store)",
            environment: Self.environment,
            files: ["pw": "hunter2\n", "url": "postgres://h/d\n"]
        )
    }

    @Test func `a file with tables of another prefix`() {
        let loaded = load("sqlite:/w.sqlite?prefix=lms_hooks_")
        #expect(loaded.diagnostics == [])
        #expect(loaded.registry?.settings.store == .sqlite(path: "/w.sqlite", prefix: "lms_hooks_"))
        #expect(loaded.registry?.settings.store?.description == "sqlite:/w.sqlite?prefix=lms_hooks_")
        #expect(
            load("sqlite:/w.sqlite?prefix=Hooks").diagnostics.first?.message.contains("must be sqlite:PATH") == true
        )
    }

    #if PostgreSQL
        @Test(arguments: [
            ("postgres://lms@db/lms", "postgres://lms@db/lms", nil),
            ("{ env: DB }", "postgres://lms:hunter2@db/lms", nil),
            ("{ file: url }", "postgres://h/d", nil), ("{ url: { file: url } }", "postgres://h/d", nil),
            ("{ url: 'postgres://h/d', password: { env: PW } }", "postgres://h/d", "hunter2"),
            ("{ password: { file: pw }, url: 'postgresql://h/d', schema: webhooks }", "postgresql://h/d", "hunter2"),
        ])
        func `a database on PostgreSQL`(text: String, url: String, password: String?) {
            let loaded = load(text)
            #expect(loaded.diagnostics == [])
            #expect(loaded.registry?.settings.store == .postgres(Secret(url), password: password.map { Secret($0) }))
        }

        @Test func `a schema of its own`() {
            let loaded = load("{ url: 'postgres://h/d', schema: hooks_2 }")
            #expect(loaded.registry?.settings.store == .postgres(Secret("postgres://h/d"), schema: "hooks_2"))
        }

        @Test(arguments: [
            ("postgres://h:x/d", "1:8: `store` has a port that is not a number"),
            (
                "{ url: 'postgres://h/d?sslmod=x' }",
                "1:15: `url` has a parameter behind the ? that libpq doesn't know; did you"
            ),
            ("{ env: DB, url: x }", "1:19: unknown key in `store`"),
            ("{ schema: a }", "1:8: `url` is missing"), ("{}", "1:8: `url` is missing"),
            ("{ url: 'postgres://h/d', schema: Hooks }", "1:41: `schema` must be 1 to 63 of a-z, 0-9 and _"),
            ("{ url: 'postgres://h/d', schema: 1a }", "1:41: `schema` must be 1 to 63 of a-z, 0-9 and _"),
            ("{ url: 'postgres://h/d', schema: 'a\"; drop' }", "1:41: `schema` must be 1 to 63 of a-z, 0-9 and _"),
            ("{ url: 'postgres://h/d', schema: pg_hooks }", "1:41: `schema` belongs to PostgreSQL"),
            ("{ url: 'postgres://h/d', schema: public }", "1:41: `schema` must be the store's own"),
            (
                "{ url: { env: DB }, password: { env: PW } }",
                "1:22: `url` has a password in its `url` and one beside it"
            ),
            ("{ url: 'postgres://h/d', pasword: x }", "1:33: unknown key in `store`; did you mean `password`?"),
            (
                "{ url: 'postgres://h/d', password: { env: NOPE } }",
                "1:50: `password`: the environment variable NOPE is not set"
            ),
        ])
        func `what is wrong is told where it stands`(text: String, problem: String) {
            let found = load(text).diagnostics.map(\.description)
            #expect(found.count == 1 && found.first?.hasPrefix("w.yaml:\(problem)") == true, "\(found)")
        }

        @Test func `a password in the file itself is a literal secret`() {
            for (store, isWarned) in [
                ("postgres://u:hunter2@h/d", true), ("{ url: 'postgres://h/d', password: hunter2 }", true),
                ("postgres://u@h/d", false), ("{ env: DB }", false),
            ] {
                var files = MemoryFiles(["w.yaml": "store: \(store)"])
                files.statuses["w.yaml"] = FileStatus(kind: .file, mode: 0o644, owner: 7, group: 100)
                let found = ConfigurationLoader(environment: Self.environment, files: files).load(path: "w.yaml")
                    .diagnostics
                #expect(found.count == (isWarned ? 1 : 0), "\(found)")
            }
        }
    #else
        @Test(arguments: [
            "postgres://u:hunter2@h/d", "{ env: DB }", "{ url: 'postgres://h/d', password: { env: PW } }",
        ])
        func `a program without PostgreSQL says so`(text: String) {
            let found = load(text).diagnostics.map(\.description)
            #expect(found.count == 1 && found[0].contains("built without") && !found[0].contains("hunter2"))
        }
    #endif

    @Test func `a file may be named in the long form, and has neither schema nor password`() {
        #expect(load("{ url: { env: FILE } }").registry?.settings.store == .sqlite(path: "/w.sqlite"))
        let found = load("{ url: 'sqlite:x', schema: a, password: b }").diagnostics.map(\.description)
        #expect(
            found == [
                "w.yaml:1:27: `schema` is for a database on PostgreSQL; a file has none",
                "w.yaml:1:38: `password` is for a database on PostgreSQL; a file has none",
            ]
        )
    }
}
