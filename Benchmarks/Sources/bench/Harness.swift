internal import BenchSupport
internal import Foundation

/// Starts the pieces, each as a process of its own.
final class Harness {
    let work: String
    let binaries: String
    let rounds: Int
    let port: Int
    let sink: SinkControl
    private let scale: Int
    private let sinkProcess: Process
    private let sinkInput = Pipe()

    /// Plain ports from `port` on.
    static let ports = 1000
    var tlsPort: Int { port - 2 }
    var http2Port: Int { port - 3 }
    var certificate: String { "\(work)/certificate.pem" }
    var key: String { "\(work)/key.pem" }

    init(_ options: Options) {
        binaries =
            URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().path
        work = URL(fileURLWithPath: options.text("work", default: ".work")).path
        rounds = options.number("rounds", default: 5)
        scale = options.number("scale", default: 100)
        port = options.number("port", default: 18080)
        sink = SinkControl(port: port)
        try? FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        sinkProcess = Process()
        Usage.raiseDescriptorLimit()
        makeCertificate()
        sinkProcess.executableURL = URL(fileURLWithPath: "\(binaries)/sink")
        sinkProcess.arguments = [
            "--port", "\(port)", "--ports", "\(Self.ports)", "--tls-port", "\(tlsPort)", "--certificate", certificate,
            "--key", key,
        ]
        let output = Pipe()
        sinkProcess.standardInput = sinkInput
        sinkProcess.standardOutput = output
        guard (try? sinkProcess.run()) != nil, !output.fileHandleForReading.availableData.isEmpty else {
            fail("the sink does not start")
        }
    }

    /// Scales an amount as the command line asks for.
    func amount(_ usual: Int) -> Int { max(200, usual * scale / 100) }

    /// Runs a piece to its end.
    func run(_ chunk: String, _ arguments: [String]) -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(binaries)/\(chunk)")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: work)
        let output = Pipe()
        process.standardOutput = output
        guard (try? process.run()) != nil else { fail("\(chunk) does not start") }
        let bytes = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            fail("\(chunk) failed: \(arguments.joined(separator: " "))")
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        if bytes.isEmpty { return Outcome() }
        guard let outcome = try? decoder.decode(Outcome.self, from: bytes) else {
            fail("\(chunk) printed no outcome: \(String(decoding: bytes, as: UTF8.self))")
        }
        return outcome
    }

    /// Runs the product on a store.
    func dispatch(_ scenario: String, store: StoreFile? = nil, _ arguments: [String]) -> Outcome {
        run("dispatch", ["--scenario", scenario, "--store", (store ?? freshStore()).path] + arguments)
    }

    /// A store that isn't there yet.
    func freshStore() -> StoreFile {
        let store = StoreFile("\(work)/store.sqlite")
        store.remove()
        return store
    }

    func end() {
        freshStore().remove()
        try? sinkInput.fileHandleForWriting.close()
        sinkProcess.waitUntilExit()
    }

    private func makeCertificate() {
        guard !FileManager.default.fileExists(atPath: certificate) else { return }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=sink"
            .split(separator: " ").map(String.init)
            + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { fail("openssl is needed for a certificate") }
        process.waitUntilExit()
    }
}
