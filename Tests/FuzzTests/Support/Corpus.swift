import Foundation

/// The seeds, as files beside the tests.
enum Corpus {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Corpus")

    /// Every file of a folder, by name.
    static func files(_ name: String) throws -> [(name: String, bytes: [UInt8])] {
        let place = folder.appendingPathComponent(name)
        return try FileManager.default.contentsOfDirectory(atPath: place.path).sorted().map { file in
            (file, Array(try Data(contentsOf: place.appendingPathComponent(file))))
        }
    }

    /// Every line of a file.
    static func lines(_ name: String) throws -> [[UInt8]] {
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        return text.split(separator: "\n").map { Array($0.utf8) }
    }
}
