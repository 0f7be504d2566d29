internal import CCurl
internal import WebhookCore

/// Sets options and remembers whether all were accepted.
final class OptionSetter {
    private let easy: UnsafeMutableRawPointer
    private(set) var succeeded = true

    init(_ easy: UnsafeMutableRawPointer) {
        self.easy = easy
    }

    func set(_ option: CURLoption, _ value: Int) { note(webhooks_curl_set_long(easy, option, value)) }

    func set(_ option: CURLoption, _ value: Bool) { set(option, value ? 1 : 0) }

    func set(_ option: CURLoption, _ text: String?) { note(webhooks_curl_set_string(easy, option, text)) }

    func set(_ option: CURLoption, offset: Int) { note(webhooks_curl_set_offset(easy, option, curl_off_t(offset))) }

    func set(_ option: CURLoption, pointer: UnsafeRawPointer?) {
        note(webhooks_curl_set_pointer(easy, option, pointer))
    }

    func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) {
        note(webhooks_curl_set_list(easy, option, list))
    }

    func set(_ option: CURLoption, blob: ByteString) {
        blob.withUnsafeBytes { note(webhooks_curl_set_blob(easy, option, $0.baseAddress, $0.count)) }
    }

    func fail() { succeeded = false }

    func note(_ code: CURLcode) {
        if code != CURLE_OK { succeeded = false }
    }
}
