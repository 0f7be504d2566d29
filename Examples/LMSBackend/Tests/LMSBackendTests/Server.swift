import Foundation
import FoundationNetworking
import Testing

/// The server as a process of its own, which can be killed.
final class Server {
    let url: String
    private let process: Process

    /// Starts it, and waits until it listens.
    init(database: String) throws {
        process = Process()
        process.executableURL = Bundle.main.bundleURL.appendingPathComponent("LMSServer")
        process.arguments = [database, "0"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = ""
        while !text.contains("\n") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { throw Ended() }
            text += String(decoding: data, as: UTF8.self)
        }
        let port = text.split(separator: " ").last?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        url = "http://127.0.0.1:\(port)"
    }

    deinit { kill() }

    /// kill -9.
    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// SIGTERM.
    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    private struct Ended: Error {}

    @discardableResult
    func send(_ method: String, _ path: String, _ body: String = "") async throws -> (status: Int, body: String) {
        var request = URLRequest(url: try #require(URL(string: url + path)))
        request.httpMethod = method
        if !body.isEmpty {
            request.httpBody = Data(body.utf8)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }
}
