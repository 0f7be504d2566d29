// libcurl's variadic functions, which Swift can't call: one function per argument type.

#ifndef WEBHOOKS_CCURL_H
#define WEBHOOKS_CCURL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>


typedef size_t (*webhooks_curl_data_function)(
    char *_Nullable bytes, size_t size, size_t count, void *_Nullable context);
typedef int (*webhooks_curl_prereq_function)(
    void *_Nullable context, char *_Nullable peer, char *_Nullable local, int peer_port, int local_port);
typedef curl_socket_t (*webhooks_curl_open_function)(
    void *_Nullable context, curlsocktype purpose, struct curl_sockaddr *_Nullable address);
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

/// Keeps TLS session keys from being written to the file that the environment names in SSLKEYLOGFILE.
void webhooks_curl_forbid_key_log(void *_Nonnull ssl_context);

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

/// Whether libcurl's TLS library is the one whose contexts webhooks_curl_forbid_key_log takes.
bool webhooks_curl_uses_openssl(void);
/// Whether libcurl has a built-in file of trusted authorities.
bool webhooks_curl_has_authorities_file(void);

// Constants that are function-like or cast macros in C.
extern const curl_socket_t webhooks_curl_bad_socket;
extern const curl_socket_t webhooks_curl_timeout_socket;
extern const long webhooks_curl_basic_authentication;

#endif
