// Looks at certificates and keys in PEM before anybody uses them, with OpenSSL.

#ifndef WEBHOOKS_TLS_H
#define WEBHOOKS_TLS_H

#include <stddef.h>

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

#endif
