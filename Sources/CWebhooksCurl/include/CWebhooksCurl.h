// libcurl's variadic functions, which Swift can't call: one function per argument type.

#ifndef WEBHOOKS_CCURL_H
#define WEBHOOKS_CCURL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>


typedef size_t (*webhooks_curl_data_function)(
    char *_Nullable bytes, size_t size, size_t count, void *_Nullable context);
typedef int (*webhooks_curl_prereq_function)(
    void *_Nullable context, char *_Nullable peer, char *_Nullable local, int peer_port, int local_port);
typedef curl_socket_t (*webhooks_curl_open_function)(
    void *_Nullable context, curlsocktype purpose, struct curl_sockaddr *_Nullable address);
typedef int (*webhooks_curl_close_function)(void *_Nullable context, curl_socket_t socket);
typedef int (*webhooks_curl_progress_function)(
    void *_Nullable context, curl_off_t download_total, curl_off_t downloaded, curl_off_t upload_total,
    curl_off_t uploaded);
typedef CURLcode (*webhooks_curl_tls_function)(
    CURL *_Nullable easy, void *_Nullable ssl_context, void *_Nullable context);
typedef int (*webhooks_curl_socket_function)(
    CURL *_Nullable easy, curl_socket_t socket, int what, void *_Nullable context, void *_Nullable socket_context);
typedef int (*webhooks_curl_timer_function)(CURLM *_Nullable multi, long milliseconds, void *_Nullable context);

// curl_easy_setopt
CURLcode webhooks_curl_set_long(CURL *_Nonnull easy, CURLoption option, long value);
CURLcode webhooks_curl_set_offset(CURL *_Nonnull easy, CURLoption option, curl_off_t value);
CURLcode webhooks_curl_set_string(CURL *_Nonnull easy, CURLoption option, const char *_Nullable value);
CURLcode webhooks_curl_set_pointer(CURL *_Nonnull easy, CURLoption option, const void *_Nullable value);
CURLcode webhooks_curl_set_list(CURL *_Nonnull easy, CURLoption option, struct curl_slist *_Nullable value);
/// libcurl copies the bytes; no bytes (a null pointer) take the option back.
CURLcode webhooks_curl_set_blob(CURL *_Nonnull easy, CURLoption option, const void *_Nullable bytes, size_t count);
CURLcode webhooks_curl_set_data_function(
    CURL *_Nonnull easy, CURLoption option, webhooks_curl_data_function _Nullable function);
CURLcode webhooks_curl_set_prereq_function(CURL *_Nonnull easy, webhooks_curl_prereq_function _Nullable function);
CURLcode webhooks_curl_set_open_function(CURL *_Nonnull easy, webhooks_curl_open_function _Nullable function);

CURLcode webhooks_curl_set_close_function(CURL *_Nonnull easy, webhooks_curl_close_function _Nullable function);
CURLcode webhooks_curl_set_progress_function(
    CURL *_Nonnull easy, webhooks_curl_progress_function _Nullable function);

/// Header lines, in order. libcurl reads them and leaves them alone.
typedef struct webhooks_curl_headers {
    struct curl_slist *_Nullable first;
    struct curl_slist *_Nullable last;
} webhooks_curl_headers;

/// Appends "name: value", or "name;" without a value, which libcurl sends as "name:". False where memory ran out.
bool webhooks_curl_headers_add(
    webhooks_curl_headers *_Nonnull headers,
    const void *_Nullable name,
    size_t name_length,
    const void *_Nullable value,
    size_t value_length);
/// Ends the list with what takes back the headers that libcurl would add of itself; a name that came before stays.
void webhooks_curl_headers_end(webhooks_curl_headers *_Nonnull headers);
void webhooks_curl_headers_free(webhooks_curl_headers *_Nonnull headers);

/// `function` is called with an SSL_CTX at the start of every TLS handshake.
CURLcode webhooks_curl_set_tls_function(CURL *_Nonnull easy, webhooks_curl_tls_function _Nullable function);

/// The state of a thread in libcurl: which call it is in, and how much one connection has fed it during that call.
/// Written by that thread alone, apart from `webhooks_curl_call_began`, which any thread may ask.
typedef struct webhooks_curl_call webhooks_curl_call;

webhooks_curl_call *_Nullable webhooks_curl_call_new(void);
/// No connection that was made ready with it may be left.
void webhooks_curl_call_free(webhooks_curl_call *_Nonnull call);
/// The thread goes into libcurl.
void webhooks_curl_call_enter(webhooks_curl_call *_Nonnull call);
/// The thread is back.
void webhooks_curl_call_leave(webhooks_curl_call *_Nonnull call);
/// The time at which the call began that the thread is in (CLOCK_MONOTONIC, nanoseconds); 0 outside libcurl.
int64_t webhooks_curl_call_began(const webhooks_curl_call *_Nonnull call);

/// Makes a TLS context ready before its handshake.
///
/// - No session keys go to the file that the environment names in SSLKEYLOGFILE.
/// - A read returns after every record. OpenSSL would otherwise go on inside one call for as long as session tickets
///   come, and with it the thread.
/// - A connection that keeps the thread in one call of libcurl by what it sends reads as ended (`call`).
/// - The receiver may not start another handshake, unless `may_renegotiate`: under TLS 1.2 some ask for the client
///   certificate that way.
/// - The handshake uses elliptic curves alone, and takes no long chain and no costly keys.
///
/// False where the TLS library has no cipher for that.
bool webhooks_curl_prepare_tls(
    void *_Nonnull ssl_context, webhooks_curl_call *_Nonnull call, bool may_renegotiate);

/// Tells whether bytes from the receiver wait on the connection of the transfer that is about to send its request: on the
/// socket, or in the TLS library. libcurl is asked where the socket isn't known, which takes longer. The end of the
/// connection counts, too. False under HTTP/2, where they may.
bool webhooks_curl_has_input(CURL *_Nonnull easy, curl_socket_t socket, bool is_tls);
/// Tells whether the connection of the transfer that is about to send its request speaks HTTP/2, as chosen in its handshake.
bool webhooks_curl_speaks_http2(CURL *_Nonnull easy);
/// The port on this machine that a socket is bound to; 0 where it is none.
int webhooks_curl_local_port(curl_socket_t socket);
/// Bytes that have arrived on a TCP connection so far; 0 where the system can't tell.
uint64_t webhooks_curl_received(curl_socket_t socket);
/// Bytes that have arrived on a TCP connection and were not read yet.
uint64_t webhooks_curl_unread(curl_socket_t socket);

// curl_easy_getinfo
long webhooks_curl_get_long(CURL *_Nonnull easy, CURLINFO info);
curl_off_t webhooks_curl_get_offset(CURL *_Nonnull easy, CURLINFO info);
void *_Nullable webhooks_curl_get_private(CURL *_Nonnull easy);

// curl_multi_setopt
CURLMcode webhooks_curl_multi_set_long(CURLM *_Nonnull multi, CURLMoption option, long value);
CURLMcode webhooks_curl_multi_set_functions(
    CURLM *_Nonnull multi,
    webhooks_curl_socket_function _Nullable socket_function,
    webhooks_curl_timer_function _Nullable timer_function,
    void *_Nullable context);

/// The next finished transfer, or null; `code` receives how it ended.
CURL *_Nullable webhooks_curl_multi_next_done(CURLM *_Nonnull multi, CURLcode *_Nonnull code);

/// Tells whether libcurl's TLS library is the one whose contexts webhooks_curl_prepare_tls takes.
bool webhooks_curl_uses_openssl(void);
/// Tells whether libcurl has a built-in file of trusted authorities.
bool webhooks_curl_has_authorities_file(void);

// Constants that are function-like or cast macros in C.
extern const curl_socket_t webhooks_curl_bad_socket;
extern const curl_socket_t webhooks_curl_timeout_socket;
extern const long webhooks_curl_basic_authentication;

#endif
