import Foundation
import Testing
import WebhookCore

@testable import WebhookTransport

/// What takes a process of its own: the environment and the limits.
@Suite struct ProcessTests {
    @Test func environmentHasNoSay() async {
        await #expect(processExitsWith: .success) {
            let folder = NSTemporaryDirectory() + "transport-env-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("machine 127.0.0.1 login a password b\ndefault login a password b\n".utf8)
                .write(to: URL(fileURLWithPath: folder + "/.netrc"))
            let proxy = try RawServer.answering(RawServer.ok)
            for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
                setenv(name, "http://127.0.0.1:\(proxy.port)", 1)
            }
            for name in ["HTTP_PROXY", "NO_PROXY", "no_proxy"] { setenv(name, "", 1) }
            setenv("HOME", folder, 1)
            setenv("NETRC", folder + "/.netrc", 1)
            setenv("SSLKEYLOGFILE", folder + "/keys", 1)
            let certificates = try TestCertificates.shared.get()
            let seen = Handover<[String]>()
            let server = try RawServer(tls: certificates.server("server")) { connection, _ in
                seen.give(connection.readRequest()?.headers ?? ["none"])
                connection.send(RawServer.ok)
            }
            let transport = try CurlTransport(resolver: ScriptedResolver(["receiver.test": [["127.0.0.1"]]]))
            let tls = TLSOptions(authorities: certificates.authority)
            let result = await transport.result(of: .to(server.port, scheme: .https, host: "receiver.test", tls: tls))
            try #require(result.status == 200)
            let headers = try #require(await seen.take())
            try #require(!headers.contains { $0.hasPrefix("Authorization") })
            try #require(proxy.connectionCount == 0)
            // Trust comes from the configuration and the system, not from the environment.
            for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] { setenv(name, certificates.folder + "/authority.pem", 1) }
            let trusting = try CurlTransport(resolver: ScriptedResolver(["receiver.test": [["127.0.0.1"]]]))
            let refused = await trusting.result(of: .to(server.port, scheme: .https, host: "receiver.test"))
            try #require(refused.error == .tls && !refused.mayHaveBeenSent)
            let plain = try RawServer { connection, _ in
                seen.give(connection.readRequest()?.headers ?? ["none"])
                connection.send(RawServer.ok)
            }
            try #require(await trusting.result(of: .to(plain.port)).status == 200)
            try #require(await seen.take()?.contains { $0.lowercased().hasPrefix("authorization") } == false)
            try #require(proxy.connectionCount == 0)
            let keys = FileManager.default.contents(atPath: folder + "/keys") ?? Data()
            try #require(keys.isEmpty)
        }
    }

    @Test func fewDescriptorsAreBackPressure() async throws {
        let server = try RawServer.answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        let port = server.port
        await #expect(processExitsWith: .success) { [port = port as UInt16] in
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let transport = try CurlTransport()
            let requests = (0..<300).map { number in
                TransportRequest.to(port, target: "/\(number)", timeout: .seconds(30), connectTimeout: .seconds(20))
            }
            let results = await transport.results(of: requests)
            try #require(results.allSatisfy { $0.status == 200 })
        }
    }

    @Test("What the process does about broken pipes is the host's, and none of libcurl's ends it")
    func brokenPipes() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            // Until the end: libcurl ignores the signal for as long as it frees a multi handle.
            let transport = try CurlTransport()
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0 && close(ends[0]) == 0)
            var (written, code) = (0, 0 as Int32)
            CurlGlobal.withoutBrokenPipes { (written, code) = (write(ends[1], "a", 1), errno) }
            try #require(written == -1 && code == EPIPE)
            var (action, signals) = (sigaction(), sigset_t())
            try #require(sigaction(SIGPIPE, nil, &action) == 0 && action.__sigaction_handler.sa_handler == nil)
            try #require(pthread_sigmask(SIG_BLOCK, nil, &signals) == 0 && sigismember(&signals, SIGPIPE) == 0)
            transport.shutdown()
        }
    }
}
