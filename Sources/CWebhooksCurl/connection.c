#include "CWebhooksCurl.h"
#include "handshake.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

// A connection may feed one call of libcurl this much, whatever it costs: more than an answer may have.
static const size_t free_bytes = 256 * 1024;
// Beyond that it may cost this much of the thread's time.
static const int64_t costly_nanoseconds = 50 * 1000 * 1000;
// The clock is read once for this number of bytes.
static const size_t bytes_per_look = 32 * 1024;

struct webhooks_curl_call {
    _Atomic int64_t began;
    // The connection that bytes came on last, in which call, and how many in that call.
    const SSL *session;
    int64_t session_call;
    size_t received;
    // The thread's time when the free bytes were used up, and when to look at it again.
    int64_t spent_before;
    size_t next_look;
};

static int64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000 * 1000 * 1000 + time.tv_nsec;
}

webhooks_curl_call *webhooks_curl_call_new(void) { return calloc(1, sizeof(webhooks_curl_call)); }

void webhooks_curl_call_free(webhooks_curl_call *call) { free(call); }

void webhooks_curl_call_enter(webhooks_curl_call *call) {
    atomic_store_explicit(&call->began, nanoseconds(CLOCK_MONOTONIC), memory_order_relaxed);
}

void webhooks_curl_call_leave(webhooks_curl_call *call) {
    atomic_store_explicit(&call->began, 0, memory_order_relaxed);
}

int64_t webhooks_curl_call_began(const webhooks_curl_call *call) {
    return atomic_load_explicit(&((webhooks_curl_call *)call)->began, memory_order_relaxed);
}

// Called by OpenSSL for the header of every record and for every message of the TLS protocol itself.
static void on_tls_message(
    int is_written, int version, int type, const void *bytes, size_t length, SSL *ssl, void *context
) {
    (void)version;
    webhooks_curl_call *call = context;
    int64_t began = webhooks_curl_call_began(call);
    if (is_written || !began) return;
    if (call->session != ssl || call->session_call != began) {
        call->session = ssl;
        call->session_call = began;
        call->received = 0;
        call->next_look = free_bytes;
        call->spent_before = 0;
    }
    const unsigned char *header = bytes;
    if (type == SSL3_RT_HEADER && length >= 5) length += (size_t)header[3] << 8 | header[4];
    call->received += length;
    if (call->received < call->next_look) return;
    call->next_look = call->received + bytes_per_look;
    // Not the time of day: a process that was stopped or waits for a processor is no fault of the receiver's.
    int64_t spent = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    if (!call->spent_before) call->spent_before = spent;
    // OpenSSL throws away whatever comes after that, which to libcurl is the end of the connection.
    if (spent - call->spent_before > costly_nanoseconds) SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
}

bool webhooks_curl_prepare_tls(void *ssl_context, webhooks_curl_call *call, bool may_renegotiate) {
    SSL_CTX *context = ssl_context;
    SSL_CTX_set_keylog_callback(context, NULL);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    // With bytes kept in the library, the end of such a read would leave them where no event tells of them.
    SSL_CTX_set_read_ahead(context, 0);
    if (!may_renegotiate) SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_msg_callback(context, on_tls_message);
    SSL_CTX_set_msg_callback_arg(context, call);
    return webhooks_curl_bound_handshake(context);
}

static SSL *session_of(CURL *easy) {
    struct curl_tlssessioninfo *info = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || !info) return NULL;
    return info->internals;
}

static bool chose_http2(const SSL *ssl) {
    const unsigned char *protocol = NULL;
    unsigned int length = 0;
    SSL_get0_alpn_selected(ssl, &protocol, &length);
    return length == 2 && memcmp(protocol, "h2", 2) == 0;
}

bool webhooks_curl_speaks_http2(CURL *easy) {
    SSL *ssl = session_of(easy);
    return ssl && chose_http2(ssl);
}

bool webhooks_curl_has_input(CURL *easy, curl_socket_t socket, bool is_tls) {
    if (is_tls) {
        SSL *ssl = session_of(easy);
        if (ssl && chose_http2(ssl)) return false;
        if (ssl && SSL_has_pending(ssl)) return true;
    }
    if (socket == CURL_SOCKET_BAD) curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
    if (socket == CURL_SOCKET_BAD) return true;
    char byte;
    ssize_t count;
    do count = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

int webhooks_curl_local_port(curl_socket_t socket) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &length)) return 0;
    if (address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return 0;
}

uint64_t webhooks_curl_received(curl_socket_t socket) {
    struct tcp_info info;
    memset(&info, 0, sizeof info);
    socklen_t length = sizeof info;
    return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) ? 0 : info.tcpi_bytes_received;
}

uint64_t webhooks_curl_unread(curl_socket_t socket) {
    int count = 0;
    return ioctl(socket, FIONREAD, &count) || count < 0 ? 0 : (uint64_t)count;
}
