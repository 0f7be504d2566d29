#include "CWebhooksTLS.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct webhooks_tls_server {
    SSL_CTX *context;
};

static bool add_extension(X509 *certificate, int kind, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool is_literal(const char *address) { return strspn(address, "0123456789abcdefABCDEF.:") == strlen(address); }

static X509 *make_certificate(EVP_PKEY *key, const char *address) {
    X509 *certificate = X509_new();
    if (!certificate) return NULL;
    char names[512];
    bool is_other = is_literal(address) && strcmp(address, "127.0.0.1") && strcmp(address, "::1");
    snprintf(
        names, sizeof names, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s", is_other ? ",IP:" : "", is_other ? address : "");
    uint64_t serial = 0;
    X509_NAME *name = X509_get_subject_name(certificate);
    bool made = RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 && X509_set_version(certificate, 2) == 1
        && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1
        // A clock that is a little behind still takes it.
        && X509_gmtime_adj(X509_getm_notBefore(certificate), -300)
        && X509_gmtime_adj(X509_getm_notAfter(certificate), 86400)
        && X509_NAME_add_entry_by_txt(
            name, "CN", MBSTRING_ASC, (const unsigned char *)"webhooks listen", -1, -1, 0) == 1
        && X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1
        && add_extension(certificate, NID_subject_alt_name, names)
        && add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE")
        && X509_sign(certificate, key, EVP_sha256()) > 0;
    if (made) return certificate;
    X509_free(certificate);
    return NULL;
}

static bool write_pem(X509 *certificate, char *pem, size_t size) {
    BIO *bio = BIO_new(BIO_s_mem());
    bool written = bio && size > 0 && PEM_write_bio_X509(bio, certificate) == 1;
    if (written) {
        int count = BIO_read(bio, pem, (int)(size - 1));
        pem[count > 0 ? count : 0] = 0;
        written = count > 0;
    }
    BIO_free(bio);
    return written;
}

webhooks_tls_server *webhooks_tls_server_make(const char *address, char *pem, size_t pem_size) {
    webhooks_tls_server *server = calloc(1, sizeof *server);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? make_certificate(key, address) : NULL;
    SSL_CTX *context = certificate ? SSL_CTX_new(TLS_server_method()) : NULL;
    bool made = server && context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1
        && SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1
        && write_pem(certificate, pem, pem_size);
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    if (made) {
        server->context = context;
        return server;
    }
    SSL_CTX_free(context);
    free(server);
    return NULL;
}

void webhooks_tls_server_free(webhooks_tls_server *server) {
    if (!server) return;
    SSL_CTX_free(server->context);
    free(server);
}

// Waits for a socket; false at the end of the time.
static bool wait_for(int descriptor, short events, int limit) {
    struct pollfd request = {.fd = descriptor, .events = events};
    int count;
    do count = poll(&request, 1, limit);
    while (count < 0 && errno == EINTR);
    return count > 0;
}

// Does a step of TLS until it is done; false where it can't be.
static int repeat(SSL *ssl, int descriptor, int limit, int result) {
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ: return wait_for(descriptor, POLLIN, limit);
    case SSL_ERROR_WANT_WRITE: return wait_for(descriptor, POLLOUT, limit);
    default: return false;
    }
}

static bool send_all(int descriptor, const char *bytes, size_t count, int limit) {
    while (count > 0) {
        ssize_t sent = send(descriptor, bytes, count, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            count -= (size_t)sent;
        } else if (!(sent < 0 && (errno == EINTR || (errno == EAGAIN && wait_for(descriptor, POLLOUT, limit))))) {
            return false;
        }
    }
    return true;
}

static bool encrypt_all(SSL *ssl, int descriptor, const char *bytes, size_t count, int limit) {
    while (count > 0) {
        int sent = SSL_write(ssl, bytes, (int)count);
        if (sent > 0) {
            bytes += sent;
            count -= (size_t)sent;
        } else if (!repeat(ssl, descriptor, limit, sent)) {
            return false;
        }
    }
    return true;
}

static void pump(SSL *ssl, int encrypted, int plain, int limit) {
    char buffer[16384];
    while (true) {
        struct pollfd requests[2] = {{.fd = encrypted, .events = POLLIN}, {.fd = plain, .events = POLLIN}};
        int count = SSL_pending(ssl) > 0 ? 1 : poll(requests, 2, limit);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        if (requests[1].revents) {
            ssize_t read_count = recv(plain, buffer, sizeof buffer, 0);
            if (read_count <= 0 || !encrypt_all(ssl, encrypted, buffer, (size_t)read_count, limit)) return;
        }
        if (SSL_pending(ssl) > 0 || requests[0].revents) {
            int read_count = SSL_read(ssl, buffer, sizeof buffer);
            if (read_count > 0) {
                if (!send_all(plain, buffer, (size_t)read_count, limit)) return;
            } else if (SSL_get_error(ssl, read_count) != SSL_ERROR_WANT_READ) {
                return;
            }
        }
    }
}

void webhooks_tls_server_relay(webhooks_tls_server *server, int encrypted, int plain, int idle_ms) {
    ERR_clear_error();
    fcntl(encrypted, F_SETFL, fcntl(encrypted, F_GETFL) | O_NONBLOCK);
    SSL *ssl = SSL_new(server->context);
    if (ssl && SSL_set_fd(ssl, encrypted) == 1) {
        int result;
        do result = SSL_accept(ssl);
        while (result != 1 && repeat(ssl, encrypted, idle_ms, result));
        if (result == 1) {
            pump(ssl, encrypted, plain, idle_ms);
            SSL_shutdown(ssl);
        }
    }
    SSL_free(ssl);
    ERR_clear_error();
}
