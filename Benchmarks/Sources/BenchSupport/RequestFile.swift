internal import Foundation

/// A request as it goes over the wire, written by `dispatch` for the pieces that post the same: header lines, an empty
/// line, the body.
public struct RequestFile: Sendable {
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(headers: [(name: String, value: String)], body: [UInt8]) {
        self.headers = headers
        self.body = body
    }

    public init(contentsOf path: String) {
        guard let bytes = FileManager.default.contents(atPath: path) else { fail("\(path) can't be read") }
        guard let end = bytes.firstRange(of: Data("\n\n".utf8)) else { fail("\(path) has no empty line") }
        headers = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\n").compactMap { line in
            guard let colon = line.firstRange(of: ": ") else { return nil }
            return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
        }
        body = Array(bytes[end.upperBound...])
    }

    public func write(to path: String) {
        let head = headers.map { "\($0.name): \($0.value)\n" }.joined() + "\n"
        guard FileManager.default.createFile(atPath: path, contents: Data(head.utf8) + Data(body)) else {
            fail("\(path) can't be written")
        }
    }
}
