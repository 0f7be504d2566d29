// peer --url URL --request FILE --requests N [--warm-up N] [--endpoints N] [--ports N] [--tasks 64] [--ca FILE]
//
// async-http-client as a Swift backend would use it by hand: 64 tasks, 64 connections for each host, nothing stored.
internal import AsyncHTTPClient
internal import BenchSupport
internal import Foundation
internal import NIOCore
internal import NIOSSL
internal import Synchronization

let options = Options(CommandLine.arguments.dropFirst())
let tasks = options.number("tasks", default: 64)
let file = RequestFile(contentsOf: options.needed("request"))
let targets = Targets(
    url: options.needed("url"),
    endpoints: options.number("endpoints", default: 1),
    ports: options.number("ports", default: 1)
)

var configuration = HTTPClient.Configuration(
    redirectConfiguration: .disallow,
    timeout: .init(connect: .seconds(5), read: .seconds(15))
)
configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
configuration.httpVersion = .http1Only
if let authorities = options.text("ca") {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .file(authorities)
    configuration.tlsConfiguration = tls
}
let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
let sender = Sender(client: client, file: file, targets: targets)

_ = try await sender.send(options.number("warm-up", default: 1000), tasks: tasks)
let cpu = Usage.cpuSeconds
let start = Instant.now
var outcome = try await sender.send(options.number("requests", default: 10_000), tasks: tasks)
outcome.seconds = Instant.now.seconds(since: start)
outcome.cpuSeconds = Usage.cpuSeconds - cpu
outcome.print()
try await client.shutdown()
