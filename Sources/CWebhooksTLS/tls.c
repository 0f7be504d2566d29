#include "CWebhooksTLS.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

static webhooks_tls_problem problem(webhooks_tls_subject subject, const char *text) {
    webhooks_tls_problem result = {.subject = subject, .text = text};
    // Nothing of what OpenSSL noted is for the next one who asks.
    ERR_clear_error();
    return result;
}

static const webhooks_tls_problem none = {.subject = webhooks_tls_no_problem, .text = NULL};

// OpenSSL would ask for a passphrase on the terminal.
static int no_passphrase(char *buffer, int size, int is_writing, void *context) {
    (void)buffer, (void)size, (void)is_writing, (void)context;
    return -1;
}

static BIO *reader(const void *bytes, size_t length) {
    return length > INT_MAX ? NULL : BIO_new_mem_buf(length ? bytes : "", (int)length);
}

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bool is_certificate(const char *name) {
    return strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0
        || strcmp(name, PEM_STRING_X509_TRUSTED) == 0;
}

typedef struct {
    size_t certificates;
    size_t keys;
    bool has_bad_certificate;
    bool has_encrypted_key;
} contents;

// Reads all blocks of a text in PEM. `first` receives the first certificate, `own` whether one of the others has `key`.
static contents look_through(const void *bytes, size_t length, X509 **first, EVP_PKEY *key, bool *own) {
    contents found = {0};
    BIO *bio = reader(bytes, length);
    if (!bio) return found;
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long data_length = 0;
    while (PEM_read_bio(bio, &name, &header, &data, &data_length)) {
        if (is_certificate(name)) {
            const unsigned char *next = data;
            X509 *certificate = d2i_X509(NULL, &next, data_length);
            found.certificates += 1;
            if (!certificate) found.has_bad_certificate = true;
            if (certificate && key && own && X509_check_private_key(certificate, key) == 1) *own = true;
            if (first && !*first && found.certificates == 1) *first = certificate;
            else X509_free(certificate);
        } else if (ends_with(name, "PRIVATE KEY")) {
            found.keys += 1;
            if (strstr(name, "ENCRYPTED") || strstr(header, "ENCRYPTED")) found.has_encrypted_key = true;
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        // It may be a key.
        OPENSSL_clear_free(data, data_length > 0 ? (size_t)data_length : 0);
        name = header = NULL;
        data = NULL;
    }
    // A block that has a beginning and isn't base64, or has no end.
    unsigned long error = ERR_peek_last_error();
    if (error && ERR_GET_REASON(error) != PEM_R_NO_START_LINE) found.has_bad_certificate = true;
    ERR_clear_error();
    BIO_free(bio);
    return found;
}

static EVP_PKEY *read_key(const void *bytes, size_t length) {
    BIO *bio = reader(bytes, length);
    if (!bio) return NULL;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

static webhooks_tls_problem check(contents chain, X509 *leaf, contents keys, EVP_PKEY *key, bool isOther) {
    if (chain.certificates == 0) return problem(webhooks_tls_certificate_problem, "holds no certificate in PEM");
    if (chain.has_bad_certificate || !leaf) {
        return problem(webhooks_tls_certificate_problem, "holds a certificate that can't be read");
    }
    if (keys.has_encrypted_key) {
        return problem(
            webhooks_tls_key_problem, "has a passphrase; store it without one, readable by this process only");
    }
    if (keys.keys == 0) return problem(webhooks_tls_key_problem, "is not a private key in PEM");
    if (keys.keys > 1) {
        return problem(webhooks_tls_key_problem, "holds several private keys; leave the certificate's own alone in it");
    }
    if (!key) return problem(webhooks_tls_key_problem, "holds a private key that can't be read");
    if (X509_check_private_key(leaf, key) == 1) return none;
    if (isOther) {
        return problem(
            webhooks_tls_certificate_problem,
            "has its certificates in the wrong order: the one that the key belongs to comes first, then its issuers");
    }
    return problem(webhooks_tls_key_problem, "does not belong to the certificate");
}

webhooks_tls_problem webhooks_tls_check_identity(
    const void *certificate, size_t certificate_length, const void *key_bytes, size_t key_length
) {
    ERR_clear_error();
    EVP_PKEY *key = read_key(key_bytes, key_length);
    X509 *leaf = NULL;
    bool isOther = false;
    contents chain = look_through(certificate, certificate_length, &leaf, key, &isOther);
    contents keys = look_through(key_bytes, key_length, NULL, NULL, NULL);
    webhooks_tls_problem result = check(chain, leaf, keys, key, isOther);
    X509_free(leaf);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return result;
}

webhooks_tls_problem webhooks_tls_check_authorities(const void *bytes, size_t length) {
    ERR_clear_error();
    contents found = look_through(bytes, length, NULL, NULL, NULL);
    if (found.certificates == 0) return problem(webhooks_tls_certificate_problem, "holds no certificate in PEM");
    if (found.has_bad_certificate) {
        return problem(webhooks_tls_certificate_problem, "holds a certificate that can't be read");
    }
    return none;
}

static bool unix_time(const ASN1_TIME *time, int64_t *seconds) {
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1) return false;
    *seconds = (int64_t)timegm(&parts);
    return true;
}

size_t webhooks_tls_validity(const void *bytes, size_t length, int64_t *not_before, int64_t *not_after) {
    size_t count = 0;
    ERR_clear_error();
    BIO *bio = reader(bytes, length);
    if (!bio) return 0;
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL))) {
        int64_t from = 0, until = 0;
        if (unix_time(X509_get0_notBefore(certificate), &from) && unix_time(X509_get0_notAfter(certificate), &until)) {
            if (count == 0 || from > *not_before) *not_before = from;
            if (count == 0 || until < *not_after) *not_after = until;
            count += 1;
        }
        X509_free(certificate);
    }
    BIO_free(bio);
    ERR_clear_error();
    return count;
}

int webhooks_clock_is_synchronized(void) {
    struct timex state = {0};
    int code = ntp_adjtime(&state);
    return code < 0 ? -1 : code != TIME_ERROR;
}
