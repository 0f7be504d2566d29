internal import Foundation

/// The process's environment.
public enum ProcessEnvironment {
    /// Every variable, as it is now.
    public static var current: [String: String] { ProcessInfo.processInfo.environment }
}
