// dispatch --scenario NAME --store FILE --url URL … : this product, embedded as a host would embed it.
//
// Endpoint n is a subscription of its own, of tenant "school-n", that posts to the URL followed by n. Prints one line of
// JSON. It sees what is public of the product, and nothing else.
internal import BenchSupport
internal import Webhooks

let started = Instant.now
let options = Options(CommandLine.arguments.dropFirst())
Usage.raiseDescriptorLimit()
let setup = Setup(options)

switch options.needed("scenario") {
case "request": try await writeRequest(setup, to: options.needed("out"))
case "throughput": try await measureThroughput(setup)
case "render": try await measureRendering(setup)
case "fan-out": try await measureFanOut(setup)
case "latency": try await measureLatency(setup)
case "fill": try await fillBacklog(setup)
case "backlog": try await measureBacklog(setup, since: started)
case "host": try await measureHost(setup)
case "node": try await runNode(setup)
case "idle": try await measureIdle(setup)
case let unknown: fail("there is no scenario \(unknown)")
}
