// swift-tools-version: 6.2
import PackageDescription

// The pieces that set the bar are as good as C gets: optimised whatever the configuration.
let optimised: [CSetting] = [.unsafeFlags(["-O2", "-Wall", "-Wextra"]), .define("_GNU_SOURCE")]
let strict: [SwiftSetting] = [.enableUpcomingFeature("InternalImportsByDefault")]

let package = Package(
    name: "Benchmarks",
    products: [
        .executable(name: "dispatch", targets: ["DispatchPiece"])
    ],
    dependencies: [
        .package(name: "swift-webhooks", path: ".."),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    ],
    targets: [
        // The receiver: counts, and never is the bottleneck.
        .executableTarget(
            name: "sink",
            cSettings: optimised,
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]
        ),
        // The limit: a bare libcurl loop that keeps nothing.
        .executableTarget(name: "limit", cSettings: optimised, linkerSettings: [.linkedLibrary("curl")]),
        // What a team writes by hand beside its PostgreSQL.
        .executableTarget(
            name: "outbox",
            cSettings: optimised,
            linkerSettings: [.linkedLibrary("curl"), .linkedLibrary("pq")]
        ),
        // What the Swift pieces need of C: SQLite and libpq by hand, to look at a store from outside.
        .target(
            name: "CBench",
            cSettings: optimised,
            linkerSettings: [.linkedLibrary("sqlite3"), .linkedLibrary("pq")]
        ),
        .target(name: "BenchSupport", dependencies: ["CBench"], swiftSettings: strict),
        // What a Swift backend would otherwise use by hand; stores nothing.
        .executableTarget(
            name: "peer",
            dependencies: [
                "BenchSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
        // This product. (A target `dispatch` would get a `dispatch_main`, which Dispatch has, too.)
        .executableTarget(
            name: "DispatchPiece",
            dependencies: [
                "BenchSupport",
                .product(name: "Webhooks", package: "swift-webhooks"),
                .product(name: "WebhooksGRDB", package: "swift-webhooks"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "WebhooksBenchmarking", package: "swift-webhooks"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: strict
        ),
        // Runs the pieces in turn and prints the tables. It needs the command line built beside it.
        .executableTarget(
            name: "bench",
            dependencies: ["BenchSupport", .product(name: "webhooks", package: "swift-webhooks")],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
