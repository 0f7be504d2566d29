#include "CWebhooksCrypto.h"

#include <limits.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

// Names of ours for OpenSSL's structures.
static EVP_MAC_CTX *mac(const webhooks_hmac *hmac) { return (EVP_MAC_CTX *)hmac; }
static EVP_PKEY *private_key(const webhooks_ed25519 *key) { return (EVP_PKEY *)key; }

webhooks_hmac *webhooks_hmac_create(webhooks_hash hash, const void *key, size_t key_length) {
    static const char *const names[] = {"SHA1", "SHA256", "SHA512"};
    EVP_MAC *method = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = method ? EVP_MAC_CTX_new(method) : NULL;
    EVP_MAC_free(method);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)names[hash], 0), OSSL_PARAM_construct_end()};
    // An empty key is one of zeros, which a null pointer would not say.
    if (context && !EVP_MAC_init(context, key_length ? key : "", key_length, parameters)) {
        EVP_MAC_CTX_free(context);
        context = NULL;
    }
    return (webhooks_hmac *)context;
}

void webhooks_hmac_free(webhooks_hmac *hmac) { EVP_MAC_CTX_free(mac(hmac)); }

size_t webhooks_hmac_code(
    const webhooks_hmac *hmac, const webhooks_bytes *parts, size_t count, unsigned char *code) {
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(mac(hmac));
    size_t length = 0;
    bool done = context != NULL;
    for (size_t index = 0; done && index < count; index++) {
        if (parts[index].length) done = EVP_MAC_update(context, parts[index].bytes, parts[index].length);
    }
    if (done && !EVP_MAC_final(context, code, &length, WEBHOOKS_MAX_CODE)) length = 0;
    EVP_MAC_CTX_free(context);
    return length;
}

webhooks_ed25519 *webhooks_ed25519_create(const unsigned char *seed) {
    return (webhooks_ed25519 *)EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
}

void webhooks_ed25519_free(webhooks_ed25519 *key) { EVP_PKEY_free(private_key(key)); }

bool webhooks_ed25519_public_key(const webhooks_ed25519 *key, unsigned char *public_key) {
    size_t length = 32;
    return EVP_PKEY_get_raw_public_key(private_key(key), public_key, &length) == 1 && length == 32;
}

bool webhooks_ed25519_sign(
    const webhooks_ed25519 *key, const void *message, size_t length, unsigned char *signature) {
    size_t signature_length = 64;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestSignInit(context, NULL, NULL, NULL, private_key(key)) == 1 &&
        EVP_DigestSign(context, signature, &signature_length, message, length) == 1 && signature_length == 64;
    EVP_MD_CTX_free(context);
    return done;
}

bool webhooks_ed25519_verify(
    const unsigned char *public_key, const void *message, size_t length, const unsigned char *signature) {
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool valid = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
        EVP_DigestVerify(context, signature, 64, message, length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return valid;
}

bool webhooks_aes_gcm_seal(
    const unsigned char *key, size_t key_length, const unsigned char *nonce, webhooks_bytes authenticated,
    webhooks_bytes plaintext, unsigned char *sealed) {
    const EVP_CIPHER *cipher = key_length == 32 ? EVP_aes_256_gcm() : key_length == 16 ? EVP_aes_128_gcm() : NULL;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length = 0;
    bool done = cipher && context && authenticated.length <= INT_MAX && plaintext.length <= INT_MAX &&
        EVP_EncryptInit_ex(context, cipher, NULL, key, nonce) == 1 &&
        EVP_EncryptUpdate(context, NULL, &length, authenticated.bytes, (int)authenticated.length) == 1 &&
        EVP_EncryptUpdate(context, sealed, &length, plaintext.bytes, (int)plaintext.length) == 1 &&
        EVP_EncryptFinal_ex(context, sealed + length, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, sealed + plaintext.length) == 1;
    EVP_CIPHER_CTX_free(context);
    return done;
}

bool webhooks_aes_gcm_open(
    const unsigned char *key, size_t key_length, const unsigned char *nonce, webhooks_bytes authenticated,
    webhooks_bytes sealed, unsigned char *plaintext) {
    const EVP_CIPHER *cipher = key_length == 32 ? EVP_aes_256_gcm() : key_length == 16 ? EVP_aes_128_gcm() : NULL;
    if (!cipher || sealed.length < 16 || sealed.length > INT_MAX || authenticated.length > INT_MAX) return false;
    const unsigned char *bytes = sealed.bytes;
    int length = 0, count = (int)(sealed.length - 16);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool done = context && EVP_DecryptInit_ex(context, cipher, NULL, key, nonce) == 1 &&
        EVP_DecryptUpdate(context, NULL, &length, authenticated.bytes, (int)authenticated.length) == 1 &&
        EVP_DecryptUpdate(context, plaintext, &length, bytes, count) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, (void *)(bytes + count)) == 1 &&
        EVP_DecryptFinal_ex(context, plaintext + length, &length) == 1;
    EVP_CIPHER_CTX_free(context);
    return done;
}
