// swift-tools-version: 6.2
import PackageDescription

var strict: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]
// The project's own checks; a host with a newer compiler must not fail over a new warning.
if Context.environment["WEBHOOKS_WARNINGS_AS_ERRORS"] != nil {
    strict.append(.treatAllWarnings(as: .error))
}

// As `make` passes it; a name that is no commit's would break the line of C that it goes into.
let commit = Context.environment["WEBHOOKS_COMMIT"].flatMap { text in
    !text.isEmpty && text.count <= 64 && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        ? text : nil
}

let package = Package(
    name: "swift-webhooks",
    products: [
        .library(name: "Webhooks", targets: ["Webhooks"]),
        // The same for a host that uses GRDB: its database is the store, and its transactions carry events.
        .library(name: "WebhooksGRDB", targets: ["WebhooksGRDB"]),
        // The HTTP API in a host's own Hummingbird application. Needs the trait `Server`.
        .library(name: "WebhooksServer", targets: ["WebhooksServer"]),
        // For a host's own tests.
        .library(name: "WebhooksTesting", targets: ["WebhooksTesting"]),
        // For Benchmarks alone, a package of its own that sees nothing but what is public.
        .library(name: "WebhooksBenchmarking", targets: ["WebhooksBenchmarking"]),
        .executable(name: "webhooks", targets: ["WebhooksCommand"]),
    ],
    traits: [
        .default(enabledTraits: ["PostgreSQL", "Server", "Tools"]),
        .trait(
            name: "PostgreSQL",
            description: "The store on PostgreSQL, over libpq. A host with SQLite turns it off: `traits: []`."
        ),
        .trait(
            name: "Server",
            description:
                "The HTTP API, over Hummingbird. A host that only embeds the library turns it off: `traits: []`."
        ),
        .trait(
            name: "Tools",
            description: "The command line and this package's own tests. A host turns it off: `traits: []`."
        ),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Values and pure decisions, and the seams. No I/O.
        .target(
            name: "WebhookCore",
            dependencies: [.product(name: "Collections", package: "swift-collections")],
            swiftSettings: strict
        ),
        // The built-in profiles: the files of templates/ embedded in the binary.
        .target(name: "CWebhooksProfiles"),
        // Certificates and keys, looked at before anybody uses them.
        .target(
            name: "CWebhooksTLS",
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]
        ),
        // webhooks.yaml and profiles -> an immutable registry, with diagnostics by line.
        .target(
            name: "WebhookRegistry",
            dependencies: [
                "WebhookCore", "CWebhooksProfiles", "CWebhooksTLS", .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        // Signatures, by the OpenSSL that libcurl links already: a second library of its kind doubles a build's time.
        .target(name: "CWebhooksCrypto", linkerSettings: [.linkedLibrary("crypto")]),
        // Event x subscription -> method, headers, exact body.
        .target(
            name: "WebhookRendering",
            dependencies: [
                "WebhookCore", "CWebhooksCrypto", .product(name: "Collections", package: "swift-collections"),
            ],
            swiftSettings: strict
        ),
        // Which delivery next, and what follows from each result.
        .target(
            name: "WebhookEngine",
            dependencies: ["WebhookCore", .product(name: "Collections", package: "swift-collections")],
            swiftSettings: strict
        ),
        // A request to a vetted address -> an outcome, over libcurl.
        .systemLibrary(name: "CWebhooksLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "CWebhooksCurl", dependencies: ["CWebhooksLibcurl"]),
        .target(
            name: "WebhookTransport",
            dependencies: [
                "WebhookCore", "CWebhooksCurl", "CWebhooksTLS",
                .product(name: "Collections", package: "swift-collections"),
            ],
            swiftSettings: strict
        ),
        // The store on SQLite.
        .target(name: "CWebhooksSQLite"),
        .target(
            name: "WebhooksSQLite",
            dependencies: [
                "WebhookCore", "CWebhooksSQLite",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        // The store on PostgreSQL. Empty without its trait: then nothing asks for libpq.
        .systemLibrary(name: "CWebhooksPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "WebhooksPostgres",
            dependencies: [
                "WebhookCore", "CWebhooksEpoll",
                .byName(name: "CWebhooksPostgres", condition: .when(traits: ["PostgreSQL"])),
            ],
            swiftSettings: strict
        ),
        // What hosts import.
        .target(
            name: "Webhooks",
            dependencies: [
                "WebhookCore", "WebhookRegistry", "WebhookRendering", "WebhookEngine", "WebhookTransport",
                "WebhooksSQLite", .byName(name: "WebhooksPostgres", condition: .when(traits: ["PostgreSQL"])),
                .product(name: "Collections", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: strict
        ),
        // What hosts import whose database is GRDB's.
        .target(
            name: "WebhooksGRDB",
            dependencies: [
                "Webhooks", "WebhooksSQLite", "WebhookCore", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: strict
        ),
        // A store in memory, a clock that stands still, receivers that answer as they are told.
        .target(name: "WebhookInMemory", dependencies: ["WebhookCore", "WebhookEngine"], swiftSettings: strict),
        // What a host's tests import: a dispatcher in memory and in virtual time, and a real receiver.
        .target(
            name: "WebhooksTesting",
            dependencies: ["Webhooks", "WebhookInMemory", "WebhookReceiver"],
            swiftSettings: strict
        ),
        // The simulation of the whole engine, and the stores' conformance suite: for our own tests alone.
        .target(
            name: "WebhookSimulation",
            dependencies: ["WebhookCore", "WebhookEngine", "WebhookInMemory"],
            swiftSettings: strict
        ),
        // What Swift's Glibc leaves out of Linux's interface.
        .systemLibrary(name: "CWebhooksEpoll"),
        // What was built, for `webhooks --version`: a target of its own, so that another commit compiles one line of C.
        .target(name: "CWebhooksCommit", cSettings: commit.map { [.define("WEBHOOKS_COMMIT", to: $0)] }),
        // A receiver for trying things, shared by `webhooks listen` and the tests.
        .target(
            name: "WebhookReceiver",
            dependencies: ["WebhookCore", "CWebhooksEpoll", "CWebhooksTLS"],
            swiftSettings: strict
        ),
        // Metrics in Prometheus' text format, and the small server for whoever watches: for our own programs, no host's.
        .target(
            name: "WebhookMonitoring",
            dependencies: [
                "WebhookCore", "WebhookReceiver", .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: strict
        ),
        // The HTTP API. What needs Hummingbird in it is empty without its trait.
        .target(
            name: "WebhooksServer",
            dependencies: [
                "Webhooks", "WebhookCore", "WebhookMonitoring", "WebhookRegistry", "WebhookRendering",
                "CWebhooksCrypto",
                .product(name: "Hummingbird", package: "hummingbird", condition: .when(traits: ["Server"])),
                .product(name: "HummingbirdCore", package: "hummingbird", condition: .when(traits: ["Server"])),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: .when(traits: ["Server"])),
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Server"])),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: .when(traits: ["Server"])),
                .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Server"])),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        // The CLI. No logic of its own.
        .executableTarget(
            name: "WebhooksCommand",
            dependencies: [
                "CWebhooksCommit", "Webhooks", "WebhookMonitoring", "WebhookReceiver",
                .byName(name: "WebhooksServer", condition: .when(traits: ["Server"])),
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Tools"])),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhookCoreTests",
            dependencies: ["WebhookCore", "WebhookSimulation"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhookRegistryTests",
            dependencies: ["WebhookRegistry", "WebhookSimulation"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhookRenderingTests",
            dependencies: ["WebhookRendering", "WebhookRegistry"],
            exclude: ["Canonical", "Golden", "Platforms"],
            swiftSettings: strict
        ),
        // Signatures against independent implementations, in the virtual environment of `make setup-tests`.
        .testTarget(
            name: "InteropTests",
            dependencies: ["WebhookRendering", "WebhookRegistry"],
            exclude: ["addresses.py", "requirements.txt", "verify.py"],
            swiftSettings: strict
        ),
        // Mutational fuzzers: short in every test run, for longer by `make fuzz`.
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "WebhookRegistry", "WebhookRendering", "CWebhooksCurl", "WebhookSimulation",
                // What our own rendering of templates is compared with.
                .product(name: "Mustache", package: "swift-mustache", condition: .when(traits: ["Tools"])),
            ],
            exclude: ["Corpus"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhookEngineTests",
            dependencies: ["WebhookEngine", "WebhookSimulation"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CurlTransportTests",
            dependencies: [
                "WebhookTransport", "CWebhooksCurl", "CWebhooksCrypto", "WebhookReceiver", "Webhooks",
                "WebhookSimulation",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SQLiteStoreTests",
            dependencies: ["WebhooksSQLite", "WebhookSimulation"],
            swiftSettings: strict
        ),
        // Against a real server: Tests/postgres.sh brings one.
        .testTarget(
            name: "PostgresStoreTests",
            dependencies: [
                "WebhooksPostgres", "WebhooksSQLite", "WebhookSimulation", "WebhookCore",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["emit.py"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhookReceiverTests",
            dependencies: ["WebhookReceiver", "WebhookCore"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhookMonitoringTests",
            dependencies: [
                "WebhookMonitoring", "Webhooks", "WebhookCore", "WebhookSimulation",
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhooksTests",
            dependencies: [
                "Webhooks", "WebhooksGRDB", "WebhookEngine", "WebhookRendering", "WebhooksSQLite", "WebhookSimulation",
                "WebhookReceiver",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: strict
        ),
        // As a host's own tests: nothing but what is public.
        .testTarget(
            name: "WebhooksTestingTests",
            dependencies: ["WebhooksTesting", "Webhooks"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhooksGRDBTests",
            dependencies: [
                "WebhooksGRDB", "Webhooks", "WebhookCore", "WebhooksSQLite", "WebhookSimulation", "WebhookReceiver",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhooksCommandTests",
            dependencies: [
                "WebhooksCommand", "Webhooks", "WebhookReceiver", "WebhookCore", "WebhookSimulation",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Clients"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhooksServerTests",
            dependencies: [
                "WebhooksServer", "Webhooks", "WebhookCore", "WebhookReceiver", "WebhookSimulation",
                .byName(name: "WebhooksPostgres", condition: .when(traits: ["PostgreSQL"])),
                .product(name: "Hummingbird", package: "hummingbird", condition: .when(traits: ["Server"])),
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Server"])),
                .product(name: "NIOEmbedded", package: "swift-nio", condition: .when(traits: ["Server"])),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: .when(traits: ["Server"])),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        // The delivery guarantees, against the real binary.
        .testTarget(
            name: "GuaranteeTests",
            dependencies: [
                "WebhooksFaultHarness", "Webhooks", "WebhooksSQLite", "WebhookSimulation", "WebhookReceiver",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        // The real binary in a storm of faults, for as long as one likes: `make soak`. No product, so that no host builds it.
        .target(
            name: "WebhooksFaultHarness",
            dependencies: [
                "CWebhooksEpoll", "WebhooksSQLite", "WebhookCore", "WebhookReceiver", "WebhookSimulation",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Tests/WebhooksFaultHarness",
            swiftSettings: strict
        ),
        .target(
            name: "WebhooksBenchmarking",
            dependencies: [
                "Webhooks", "WebhooksSQLite", "WebhookCore", "WebhookRegistry",
                .byName(name: "WebhooksPostgres", condition: .when(traits: ["PostgreSQL"])),
            ],
            path: "Benchmarks/Sources/WebhooksBenchmarking",
            swiftSettings: strict
        ),
        // The log at a million deliveries: fills a store by batches, so it needs what is no host's. No product either.
        .executableTarget(
            name: "WebhooksLogBench",
            dependencies: ["WebhooksSQLite", "WebhookCore"],
            path: "Benchmarks/Sources/WebhooksLogBench",
            swiftSettings: strict
        ),
        // Both stores alone, side by side.
        .executableTarget(
            name: "WebhooksStoreBench",
            dependencies: ["WebhooksSQLite", "WebhooksPostgres", "WebhookCore"],
            path: "Benchmarks/Sources/WebhooksStoreBench",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "soak",
            dependencies: ["WebhooksFaultHarness"],
            path: "Tests/Soak",
            swiftSettings: strict
        ),
        .testTarget(
            name: "FaultHarnessTests",
            dependencies: ["WebhooksFaultHarness", "WebhookSimulation"],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)

// Some of the tests and what they need, nothing else: what `make sanitize` builds once more.
if let names = Context.environment["WEBHOOKS_TEST_TARGETS"]?.split(separator: " ").map(String.init) {
    var needed: Set<String> = []
    var rest = names
    while let name = rest.popLast() {
        guard needed.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else {
            continue
        }
        for case .byNameItem(let dependency, _) in target.dependencies { rest.append(dependency) }
    }
    let binary = Product.executable(name: "webhooks", targets: ["WebhooksCommand"])
    package.products = needed.contains("WebhooksCommand") ? [binary] : []
    package.targets.removeAll { !needed.contains($0.name) }
}
