/// The reason why something that a test needs could not be done.
package struct Problem: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
