/// How much of an answer is taken, and how much of that is kept.
struct ResponseLimits {
    /// Header bytes that end the attempt, informational answers (1xx) and trailers included.
    var headerBytes = 64 * 1024
    /// Header lines that end the attempt, likewise.
    var headerLines = 200
    /// Header bytes kept.
    var keptHeaderBytes = 16 * 1024
    /// Body bytes kept.
    var keptBodyBytes = 16 * 1024
    /// Body bytes after which the answer is cut off.
    var bodyBytes = 256 * 1024
    /// Pieces of the body, likewise: libcurl hands on every chunk by itself, however small.
    var bodyPieces = 4_096
}
