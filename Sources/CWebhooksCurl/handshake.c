#include "handshake.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <string.h>

// Certificates in a receiver's chain: those in use have up to four.
static const int most_certificates = 10;
// All of them together. OpenSSL reads them, and their keys, before anybody is asked: 20 ms at worst for these.
static const long most_bytes_of_certificates = 24 * 1024;
static const int most_rsa_bits = 8192;
// 65,537 has 17.
static const int most_exponent_bits = 33;

// A group of a finite field may have 8,192 bits: 0.1 to 0.2 s a handshake, where the slowest of these takes 3 ms.
static const char *const groups = "X25519:P-256:P-384:P-521";
static const char *const groups_of_nist = "P-256:P-384:P-521";

static bool is_affordable_rsa(EVP_PKEY *key) {
    BIGNUM *exponent = NULL;
    bool is_affordable = EVP_PKEY_get_bits(key) <= most_rsa_bits
        && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1
        && BN_num_bits(exponent) <= most_exponent_bits;
    BN_free(exponent);
    return is_affordable;
}

static bool is_affordable_curve(EVP_PKEY *key) {
    char name[64];
    if (EVP_PKEY_get_group_name(key, name, sizeof name, NULL) != 1) return false;
    return strcmp(name, SN_X9_62_prime256v1) == 0 || strcmp(name, SN_secp384r1) == 0
        || strcmp(name, SN_secp521r1) == 0;
}

static bool is_affordable(X509 *certificate) {
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    // Nothing can be verified with a key that can't be read.
    if (!key) return true;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: return is_affordable_rsa(key);
    case EVP_PKEY_EC: return is_affordable_curve(key);
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448: return true;
    default: return false;
    }
}

// Called in place of OpenSSL's verification, before any signature of the chain is looked at.
static int verify(X509_STORE_CTX *store, void *context) {
    (void)context;
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);
    int count = sk_X509_num(chain);
    bool is_bounded = count <= most_certificates;
    for (int index = 0; is_bounded && index < count; index++) is_bounded = is_affordable(sk_X509_value(chain, index));
    if (is_bounded) return X509_verify_cert(store);
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

// The system's choice of ciphers without those that exchange keys in finite fields.
static bool leave_out_finite_fields(SSL_CTX *context) {
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(context);
    char names[8192];
    size_t length = 0;
    for (int index = 0; index < sk_SSL_CIPHER_num(ciphers); index++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, index);
        int exchange = SSL_CIPHER_get_kx_nid(cipher);
        // Those of TLS 1.3 are chosen apart, and have their groups.
        if (exchange == NID_kx_any || exchange == NID_kx_dhe || exchange == NID_kx_dhe_psk) continue;
        const char *name = SSL_CIPHER_get_name(cipher);
        size_t name_length = strlen(name);
        if (length + name_length + 2 > sizeof names) break;
        if (length) names[length++] = ':';
        memcpy(names + length, name, name_length);
        length += name_length;
    }
    names[length] = 0;
    return length && SSL_CTX_set_cipher_list(context, names) == 1;
}

bool webhooks_curl_bound_handshake(SSL_CTX *context) {
    SSL_CTX_set_max_cert_list(context, most_bytes_of_certificates);
    SSL_CTX_set_verify_depth(context, most_certificates);
    SSL_CTX_set_cert_verify_callback(context, verify, NULL);
    // Where the system allows NIST's curves alone, OpenSSL takes no list with another one.
    if (!SSL_CTX_set1_groups_list(context, groups) && !SSL_CTX_set1_groups_list(context, groups_of_nist)) return false;
    return leave_out_finite_fields(context);
}
