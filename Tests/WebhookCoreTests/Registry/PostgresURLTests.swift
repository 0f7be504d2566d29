import Testing
import WebhookCore

/// URLs of PostgreSQL: which libpq reads as they are meant, and what is shown of them.
@Suite struct PostgresURLTests {
    @Test(arguments: [
        ("postgres://", "postgres://"),
        ("postgresql://db.example/lms", "postgres://db.example/lms"),
        (
            "postgres://lms@db.example:5433/lms?sslmode=verify-full",
            "postgres://lms@db.example:5433/lms?sslmode=verify-full"
        ),
        ("postgres://lms:hunter2@db/lms", "postgres://lms@db/lms"),
        ("postgres://:hunter2@db", "postgres://@db"),
        ("postgres://l%40ms:hunter%2F%40%3A2@db/lms", "postgres://l%40ms@db/lms"),
        ("postgres://a,b:5433,[2001:db8::1]:5434/lms", "postgres://a,b:5433,[2001:db8::1]:5434/lms"),
        ("postgres:///lms?host=/var/run/postgresql&user=lms", "postgres:///lms?host=/var/run/postgresql&user=lms"),
        ("postgres://%2Fvar%2Frun/lms", "postgres://%2Fvar%2Frun/lms"),
        ("postgres:///?service=lms&application_name=x", "postgres:///?service=lms"),
        ("postgres://db/lms?password=hunter2&port=1", "postgres://db/lms?port=1"),
        ("postgres://db/lms?p%61ssword=hunter2", "postgres://db/lms"),
        ("postgres://db/lms?options=-c%20x%3Dhunter2", "postgres://db/lms"),
        // As libpq reads it: a password may hold what ends a host.
        ("postgres://u:hunter2?x@db/lms", "postgres://u@db/lms"),
    ])
    func shown(text: String, shown: String) throws {
        let url = try PostgresURL(text)
        #expect(url.shown == shown)
        #expect(url.hasPassword == (text.contains("hunter") && !text.contains("options")))
        #expect(!"\(url)".contains("hunter2"))
    }

    @Test(arguments: [
        ("mysql://h/d", "must be a URL"), ("postgres:/h/d", "must be a URL"),
        // What follows the first @ or / would be taken for a host, a port or a database.
        ("postgres://u:hun@ter2@h/d", "as it is meant"), ("postgres://u:hunter/2@h/d", "port"),
        ("postgres://u:12/hunter2@h/d", "as it is meant"), ("postgres://h/a/b", "as it is meant"),
        ("postgres://h:hunter2/d", "port"), ("postgres://h:0/d", "port"), ("postgres://h:65536/d", "port"),
        ("postgres://[::1/d", "brackets"), ("postgres://[]/d", "brackets"), ("postgres://[::1]x/d", "as it is meant"),
        ("postgres://h/d?hunter2", "name=value"), ("postgres://h/d?password=hunter=2", "name=value"),
        ("postgres://h/d?hunter2=1", "libpq doesn't know"),
        ("postgres://h/d?schema=lms", "can't name a schema: that stands beside it"),
        ("postgres://h/d?sslmode=require&currentSchema=lms", "schema: NAME"),
        ("postgres://h/d?sslmod=require", "did you mean `sslmode`?"),
        ("postgres://u:hunter%2@h/d", "% without"), ("postgres://u:hunter%+2@h/d", "% without"),
        ("postgres://h/hunter%00", "null byte"), ("postgres://h/" + String(repeating: "x", count: 8_000), "longer"),
    ])
    func refused(text: String, problem: String) {
        let error = #expect(throws: PostgresURL.Problem.self) { try PostgresURL(text) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("hunter") == false)
        #expect(StoreLocation.postgres(Secret(text)).description == "postgres://***")
    }

    @Test func aLocationHasNoPassword() {
        let location = StoreLocation.postgres(
            Secret("postgres://u:hunter2@h/d"),
            schema: "hooks",
            password: Secret("hunter2")
        )
        #expect(location.description == "postgres://u@h/d schema hooks")
        var dumped = ""
        dump(location, to: &dumped)
        #expect(!(dumped + String(reflecting: location)).contains("hunter2"))
        #expect(StoreLocation.sqlite(path: "var/w.sqlite").description == "sqlite:var/w.sqlite")
    }
}
