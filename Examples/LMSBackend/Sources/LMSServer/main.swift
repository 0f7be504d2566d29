import Foundation
import LMSBackend
import WebhooksGRDB

// LMSServer DATABASE [PORT] [PATIENCE IN SECONDS]
let arguments = CommandLine.arguments
guard arguments.count > 1 else {
    print("usage: LMSServer DATABASE [PORT] [PATIENCE IN SECONDS]")
    exit(64)
}
// For trying it on one machine. In production receivers are public, and nothing is allowed here.
let egress = try EgressPolicy(allow: ["127.0.0.0/8"])
let patience = arguments.count > 3 ? Double(arguments[3]) ?? 3600 : 3600
let backend = try await Backend(path: arguments[1], patience: .seconds(patience), egress: egress)
try await backend.run(port: arguments.count > 2 ? Int(arguments[2]) ?? 8080 : 8080) { port in
    FileHandle.standardOutput.write(Data("listening on \(port)\n".utf8))
}
