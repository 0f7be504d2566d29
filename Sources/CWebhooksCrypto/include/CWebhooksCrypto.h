// Signatures and encryption by OpenSSL, which libcurl links already.

#ifndef WEBHOOKS_CRYPTO_H
#define WEBHOOKS_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    webhooks_sha1,
    webhooks_sha256,
    webhooks_sha512,
} webhooks_hash;

/// The longest code, in bytes.
#define WEBHOOKS_MAX_CODE 64

/// An HMAC (RFC 2104) begun with its key. It doesn't change: threads may share it.
typedef struct webhooks_hmac webhooks_hmac;

/// Begins an HMAC; NULL where memory is short.
webhooks_hmac *_Nullable webhooks_hmac_create(webhooks_hash hash, const void *_Nullable key, size_t key_length);
void webhooks_hmac_free(webhooks_hmac *_Nonnull hmac);

typedef struct {
    const void *_Nullable bytes;
    size_t length;
} webhooks_bytes;

/// Writes the code of some parts, one after the other, and returns its length; 0 where memory is short.
size_t webhooks_hmac_code(
    const webhooks_hmac *_Nonnull hmac, const webhooks_bytes *_Nonnull parts, size_t count,
    unsigned char *_Nonnull code);

/// An Ed25519 private key (RFC 8032). It doesn't change: threads may share it.
typedef struct webhooks_ed25519 webhooks_ed25519;

/// The key of a seed of 32 bytes; NULL where memory is short.
webhooks_ed25519 *_Nullable webhooks_ed25519_create(const unsigned char *_Nonnull seed);
void webhooks_ed25519_free(webhooks_ed25519 *_Nonnull key);
/// Writes the public key, 32 bytes.
bool webhooks_ed25519_public_key(const webhooks_ed25519 *_Nonnull key, unsigned char *_Nonnull public_key);
/// Writes a signature, 64 bytes.
bool webhooks_ed25519_sign(
    const webhooks_ed25519 *_Nonnull key, const void *_Nullable message, size_t length,
    unsigned char *_Nonnull signature);
/// Tells whether a signature of 64 bytes is that of a message by the key that a public key of 32 bytes belongs to.
bool webhooks_ed25519_verify(
    const unsigned char *_Nonnull public_key, const void *_Nullable message, size_t length,
    const unsigned char *_Nonnull signature);

/// AES-GCM (NIST SP 800-38D) with a nonce of 12 bytes. Writes as many bytes as come in, and a tag of 16 behind them.
bool webhooks_aes_gcm_seal(
    const unsigned char *_Nonnull key, size_t key_length, const unsigned char *_Nonnull nonce,
    webhooks_bytes authenticated, webhooks_bytes plaintext, unsigned char *_Nonnull sealed);

/// Opens what webhooks_aes_gcm_seal wrote, its tag included, and writes 16 bytes fewer. False where key, nonce or what was
/// authenticated is another, or a byte was changed: what was written means nothing then.
bool webhooks_aes_gcm_open(
    const unsigned char *_Nonnull key, size_t key_length, const unsigned char *_Nonnull nonce,
    webhooks_bytes authenticated, webhooks_bytes sealed, unsigned char *_Nonnull plaintext);

#endif
