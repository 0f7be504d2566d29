// A receiver that counts: one thread, level-triggered epoll, HTTP/1.1 with keep-alive, TLS where asked for.
//
// What a request gets is told by its path:
//   /half…   every second one (over all connections) gets 503, the others 200
//   /dead…   nothing, ever; the connection stays open
//   /lat…    200; the body's "sentNs":"<nanoseconds of CLOCK_MONOTONIC>" gives the time from emit to receipt
//   /stats   the counters as JSON;  /reset  puts them to zero
//   other    200
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

// The first bytes of a request are kept, the rest of a longer body is only counted.
enum { kept_bytes = 32 * 1024 };

struct connection {
    int socket;
    bool is_dead;              // asked for /dead: never answered, whatever comes
    SSL *tls;                  // NULL for plain HTTP
    bool wants_write;          // TLS can't go on before the socket takes bytes
    size_t filled;             // bytes in `buffer`
    uint64_t body_left;        // of a long body, beyond what is in `buffer`
    uint64_t body_length;      // of the request that `body_left` belongs to
    const struct answer *next; // the answer once `body_left` is zero
    char buffer[kept_bytes];
};

struct answer {
    const char *text;
    size_t length;
};

// stats.c
void stats_reset(void);
void stats_request(uint64_t body_length);
void stats_failed(void);
void stats_silent(void);
void stats_connection(void);
void stats_latency(const char *body, size_t length);
struct answer stats_answer(void);

// http.c
// Works off what is in the buffer. Returns false to close the connection.
bool http_received(struct connection *connection);

// tls.c
SSL_CTX *tls_context(const char *certificate, const char *key);

// main.c
// Sends an answer whole; false where the peer does not take it.
bool connection_send(struct connection *connection, const struct answer *answer);
