// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "LMSBackend",
    dependencies: [
        // Without traits: nothing of the command line comes along. Outside this repository it has a URL and a version.
        .package(name: "swift-webhooks", path: "../..", traits: []),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(
            name: "LMSBackend",
            dependencies: [
                .product(name: "WebhooksGRDB", package: "swift-webhooks"),
                .product(name: "Webhooks", package: "swift-webhooks"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .executableTarget(name: "LMSServer", dependencies: ["LMSBackend"]),
        .testTarget(
            name: "LMSBackendTests",
            dependencies: [
                "LMSBackend", "LMSServer",
                .product(name: "WebhooksTesting", package: "swift-webhooks"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
