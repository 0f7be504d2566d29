internal import Glibc

/// Ends the process with a message: a benchmark that can't be trusted prints no figure.
public func fail(_ message: String) -> Never {
    warn(message)
    exit(70)
}

/// Writes a line to standard error.
public func warn(_ message: String) {
    let line = Array("\(CommandLine.arguments[0].split(separator: "/").last ?? ""): \(message)\n".utf8)
    _ = write(2, line, line.count)
}
