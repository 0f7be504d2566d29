// Looks at certificates and keys in PEM before anybody uses them, with OpenSSL.

#ifndef WEBHOOKS_TLS_H
#define WEBHOOKS_TLS_H

#include <stddef.h>
#include <stdint.h>

/// The part that a problem is in.
typedef enum {
    webhooks_tls_no_problem,
    webhooks_tls_certificate_problem,
    webhooks_tls_key_problem,
} webhooks_tls_subject;

/// A problem, in words that quote nothing and go on from the name of the thing ("`key` " + "is encrypted").
typedef struct {
    webhooks_tls_subject subject;
    const char *_Nullable text;
} webhooks_tls_problem;

/// Checks whether a client certificate, with or without its chain, can be read, and whether the key is its own.
webhooks_tls_problem webhooks_tls_check_identity(
    const void *_Nullable certificate, size_t certificate_length, const void *_Nullable key, size_t key_length);

/// Checks whether a file of authorities holds certificates that can be read, and none that can't.
webhooks_tls_problem webhooks_tls_check_authorities(const void *_Nullable bytes, size_t length);

/// The time for which every certificate of a text in PEM is valid, in Unix seconds: from the latest beginning to the earliest
/// end.
///
/// @return The number of certificates that could be read; with none, the times are left alone.
size_t webhooks_tls_validity(
    const void *_Nullable bytes, size_t length, int64_t *_Nonnull not_before, int64_t *_Nonnull not_after);

/// Tells whether the kernel says that the clock, which judges certificates and dates signatures, is synchronised.
///
/// @return 1, 0, or -1 where it doesn't say.
int webhooks_clock_is_synchronized(void);

/// A server's certificate, made for a day and signed by itself, with its key: for trying things on this machine.
typedef struct webhooks_tls_server webhooks_tls_server;

/// Makes a certificate for an address, `localhost`, 127.0.0.1 and ::1.
///
/// @param pem Receives the certificate in PEM, for those who are to trust it; cut off, with a zero at the end.
/// @return NULL where OpenSSL can't.
webhooks_tls_server *_Nullable webhooks_tls_server_make(
    const char *_Nonnull address, char *_Nonnull pem, size_t pem_size);

void webhooks_tls_server_free(webhooks_tls_server *_Nullable server);

/// Takes TLS on one socket, and passes what is within to and from another, until one of them has ended.
///
/// Blocks; to be called on a thread of its own. Both sockets are left open.
/// @param idle_ms The longest silence; the handshake has no longer either.
void webhooks_tls_server_relay(webhooks_tls_server *_Nonnull server, int encrypted, int plain, int idle_ms);

#endif
