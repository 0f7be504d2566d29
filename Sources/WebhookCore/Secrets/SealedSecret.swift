/// A secret as a store holds it: nobody reads it without the key, nor moves it to another place.
package struct SealedSecret: Sendable, Hashable {
    /// The place of a sealed secret in a store. It opens there and nowhere else: whoever can write the store can't put a
    /// subscription's secret where another subscription would send it.
    package struct Place: Sendable, Hashable {
        package var table: String
        /// The row's id.
        package var row: String
        /// The column, or what else tells the secrets of a row apart.
        package var column: String

        package init(table: String, row: String, column: String) {
            (self.table, self.row, self.column) = (table, row, column)
        }
    }

    /// Names the key that sealed it, and says nothing about it.
    package var keyID: String
    /// Nonce, ciphertext and tag.
    package var bytes: ByteString

    package init(keyID: String, bytes: ByteString) {
        (self.keyID, self.bytes) = (keyID, bytes)
    }
}

/// A reason for which secrets can't be sealed or opened. Never quotes a key or a secret.
package enum SealingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// None was given.
    case noKey
    /// One of them, counted from 1, has not 32 bytes in base64.
    case malformedKey(Int)
    /// The same one twice, counted from 1.
    case repeatedKey(Int)
    /// No key of this id is among them.
    case unknownKey(id: String)
    /// It was changed, or belongs to another place.
    case damaged(SealedSecret.Place)
    /// OpenSSL refused.
    case failed

    package var description: String {
        switch self {
        case .noKey: "there is no key to seal secrets with"
        case .malformedKey(let number): "encryption key \(number) is not 32 bytes in base64"
        case .repeatedKey(let number): "encryption key \(number) stands there twice"
        case .unknownKey(let id):
            "a secret in the store is sealed with key \(id), which is not among the encryption keys; add that key to them"
        case .damaged(let place):
            "the secret in \(place.table), row \(place.row), \(place.column), was changed or belongs elsewhere"
        case .failed: "OpenSSL failed to seal a secret"
        }
    }

    /// This is the advice beside the description.
    package var remedy: Remedy {
        switch self {
        case .noKey: .giveEncryptionKey
        case .malformedKey: .makeEncryptionKey
        case .repeatedKey, .unknownKey, .damaged, .failed: .inMessage
        }
    }
}
