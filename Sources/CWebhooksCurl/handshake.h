// Bounds on what a receiver can make a TLS handshake cost this machine.

#ifndef WEBHOOKS_HANDSHAKE_H
#define WEBHOOKS_HANDSHAKE_H

#include <openssl/ssl.h>
#include <stdbool.h>

/// Refuses what would keep the thread busy: key exchange in finite fields, chains of many or large certificates, large
/// keys and unusual curves. False where no cipher would be left.
bool webhooks_curl_bound_handshake(SSL_CTX *context);

#endif
