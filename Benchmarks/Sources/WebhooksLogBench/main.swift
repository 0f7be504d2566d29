internal import Foundation
internal import WebhookCore
internal import WebhooksSQLite

// Measures the log on a store of its own.
//
//     WebhooksLogBench write FOLDER [COUNT] [SUBSCRIPTIONS] [TENANTS]   how fast deliveries are written, and then listed
//     WebhooksLogBench read FOLDER [COUNT] [SUBSCRIPTIONS] [TENANTS]    fills a store, then times each query's first page

let arguments = CommandLine.arguments
guard arguments.count > 2, ["write", "read"].contains(arguments[1]) else {
    print("usage: WebhooksLogBench write|read FOLDER [COUNT] [SUBSCRIPTIONS] [TENANTS]")
    exit(64)
}
func number(_ index: Int, _ standard: Int) -> Int {
    arguments.count > index ? Int(arguments[index]) ?? standard : standard
}
let (count, subscriptions, tenants) = (number(3, 1_000_000), number(4, 20), number(5, 50))
let store = try SQLiteStore.open(path: arguments[2] + "/log.sqlite", role: .dispatcher)
var fill = Fill(store: store)
fill.subscriptions = subscriptions
fill.tenants = tenants
fill.hasOddities = arguments[1] == "read"
let filled = try await Measure.run {
    try await fill.run(count)
}
print("wrote \(count) deliveries: \(filled.rate(count))")
let indexed = try await Measure.run {
    while try await store.indexNewRows().indexed > 0 {}
}
print("listed them: \(indexed.rate(count))")
if arguments[1] == "read" { try await Reading(store: store).run() }
store.close()
