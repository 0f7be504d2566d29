internal import Glibc

/// The arguments as the process got them: bytes. Swift's own texts have U+FFFD in place of whatever is no UTF-8.
struct RawArguments {
    /// Without the program's name.
    let all: [[UInt8]]

    init(_ all: [[UInt8]]) {
        self.all = all
    }

    /// The arguments of this process.
    static var ofProcess: RawArguments {
        RawArguments(
            (1..<max(1, Int(CommandLine.argc))).compactMap { index in
                CommandLine.unsafeArgv[index].map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
            }
        )
    }

    /// Refuses the first argument that is no UTF-8; `nil` where all are.
    ///
    /// What is signed may be any bytes.
    var problem: CommandFailure? {
        let signs = ["sign", "verify"].contains { all.first?.elementsEqual($0.utf8) ?? false }
        for (index, argument) in all.enumerated() {
            guard let offset = Self.illFormedOffset(in: argument) else { continue }
            let (name, start) = option(of: index)
            if signs, name == "--data", argument.dropFirst(start).first != UInt8(ascii: "@") { continue }
            let shown = name.map { "the value of \($0)" } ?? "argument \(index + 1)"
            return .data("\(shown) is not well-formed UTF-8 at byte offset \(max(0, offset - start))")
        }
        return nil
    }

    /// The bytes of an option's last value; `nil` where it is not given.
    func value(of name: String) -> [UInt8]? {
        var value: [UInt8]?
        for (index, argument) in all.enumerated() {
            let (option, start) = option(of: index)
            if option == name { value = Array(argument.dropFirst(start)) }
        }
        return value
    }

    /// The option that an argument is the value of, and where the value begins in it.
    private func option(of index: Int) -> (name: String?, start: Int) {
        let argument = all[index]
        if argument.starts(with: "--".utf8) {
            guard let sign = argument.firstIndex(of: UInt8(ascii: "=")) else { return (nil, 0) }
            return (String(decoding: argument[..<sign], as: UTF8.self), sign + 1)
        }
        guard index > 0, all[index - 1].count > 2, all[index - 1].starts(with: "--".utf8),
            !all[index - 1].contains(UInt8(ascii: "="))
        else { return (nil, 0) }
        return (String(decoding: all[index - 1], as: UTF8.self), 0)
    }

    /// The offset of the first byte that is no part of a character; `nil` where the text is well-formed.
    static func illFormedOffset(in bytes: [UInt8]) -> Int? {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let scalar): offset += scalar.count
            case .emptyInput: return nil
            case .error: return offset
            }
        }
    }
}
