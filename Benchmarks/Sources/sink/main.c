// sink [--port P] [--ports N] [--tls-port P --certificate FILE --key FILE]
//
// Listens on N ports of 127.0.0.1 from P on (plain), and on one for HTTPS. Prints "ready" when it listens. Ends when
// its standard input does.
#include "sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { most_ports = 4096, events_per_round = 256 };

// What an epoll event points at: a listening socket, the standard input, or (any other address) a connection.
struct listener {
    int socket;
    SSL_CTX *tls;
};

static struct listener listeners[most_ports + 1];
static int listener_count;
static int poller;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void watch(int socket, uint32_t events, void *subject, int operation) {
    struct epoll_event event = {.events = events, .data.ptr = subject};
    if (epoll_ctl(poller, operation, socket, &event) != 0) perror("sink: epoll_ctl");
}

static void listen_on(int port, SSL_CTX *tls) {
    int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(socket_, (struct sockaddr *)&address, sizeof address) != 0) fail("sink: bind");
    if (listen(socket_, 4096) != 0) fail("sink: listen");
    struct listener *listener = &listeners[listener_count++];
    *listener = (struct listener){socket_, tls};
    watch(socket_, EPOLLIN, listener, EPOLL_CTL_ADD);
}

static void close_connection(struct connection *connection) {
    if (connection->tls) SSL_free(connection->tls);
    close(connection->socket);
    free(connection);
}

static void accept_all(struct listener *listener) {
    while (true) {
        int socket_ = accept4(listener->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket_ < 0) return;
        int on = 1;
        setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *connection = malloc(sizeof *connection);
        if (!connection) fail("sink: malloc");
        memset(connection, 0, offsetof(struct connection, buffer));
        connection->socket = socket_;
        if (listener->tls) {
            connection->tls = SSL_new(listener->tls);
            SSL_set_fd(connection->tls, socket_);
            SSL_set_accept_state(connection->tls);
        }
        stats_connection();
        watch(socket_, EPOLLIN, connection, EPOLL_CTL_ADD);
    }
}

bool connection_send(struct connection *connection, const struct answer *answer) {
    // An answer is small and there is one at a time: where the socket doesn't take it whole, something is wrong.
    if (connection->tls) return SSL_write(connection->tls, answer->text, (int)answer->length) == (int)answer->length;
    return send(connection->socket, answer->text, answer->length, MSG_NOSIGNAL) == (ssize_t)answer->length;
}

// Returns the bytes read, 0 for "not now", -1 for the end.
static ssize_t receive(struct connection *connection) {
    char *target = connection->buffer + connection->filled;
    size_t room = kept_bytes - connection->filled;
    if (!connection->tls) {
        ssize_t count = recv(connection->socket, target, room, 0);
        if (count > 0) return count;
        return count < 0 && errno == EAGAIN ? 0 : -1;
    }
    int count = SSL_read(connection->tls, target, (int)room);
    if (count > 0) return count;
    int error = SSL_get_error(connection->tls, count);
    bool wants_write = error == SSL_ERROR_WANT_WRITE;
    if (wants_write != connection->wants_write) {
        connection->wants_write = wants_write;
        watch(connection->socket, wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN, connection, EPOLL_CTL_MOD);
    }
    return wants_write || error == SSL_ERROR_WANT_READ ? 0 : -1;
}

static void serve(struct connection *connection) {
    while (true) {
        ssize_t count = receive(connection);
        if (count == 0) return;
        if (count < 0) return close_connection(connection);
        connection->filled += (size_t)count;
        bool was_full = connection->filled == kept_bytes;
        if (!http_received(connection)) return close_connection(connection);
        // Epoll tells of what is still in the socket, but not of what OpenSSL holds.
        if (!connection->tls && !was_full) return;
    }
}

static bool standard_input_ended(void) {
    char bytes[256];
    return read(0, bytes, sizeof bytes) <= 0;
}

static void loop(void) {
    static char standard_input;
    watch(0, EPOLLIN, &standard_input, EPOLL_CTL_ADD);
    struct epoll_event events[events_per_round];
    while (true) {
        int count = epoll_wait(poller, events, events_per_round, -1);
        for (int index = 0; index < count; index++) {
            void *subject = events[index].data.ptr;
            if (subject == &standard_input) {
                if (standard_input_ended()) return;
            } else if ((struct listener *)subject >= listeners && (struct listener *)subject < listeners + listener_count) {
                accept_all(subject);
            } else {
                serve(subject);
            }
        }
    }
}

int main(int count, char **arguments) {
    int port = 0, ports = 1, tls_port = 0;
    const char *certificate = NULL, *key = NULL;
    for (int index = 1; index + 1 < count; index += 2) {
        const char *name = arguments[index], *value = arguments[index + 1];
        if (!strcmp(name, "--port")) port = atoi(value);
        else if (!strcmp(name, "--ports")) ports = atoi(value);
        else if (!strcmp(name, "--tls-port")) tls_port = atoi(value);
        else if (!strcmp(name, "--certificate")) certificate = value;
        else if (!strcmp(name, "--key")) key = value;
        else {
            fprintf(stderr, "sink: what is %s?\n", name);
            return 64;
        }
    }
    if (ports > most_ports) ports = most_ports;
    signal(SIGPIPE, SIG_IGN);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    poller = epoll_create1(EPOLL_CLOEXEC);
    for (int index = 0; index < ports && port; index++) listen_on(port + index, NULL);
    if (tls_port) {
        SSL_CTX *context = certificate && key ? tls_context(certificate, key) : NULL;
        if (!context) return 65;
        listen_on(tls_port, context);
    }
    printf("ready\n");
    fflush(stdout);
    loop();
    return 0;
}
