// As much of HTTP/1.1 as webhook senders speak: a head, and a body of a stated length.
#include "sink.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANSWER(text) {text, sizeof text - 1}
static const struct answer fine = ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
static const struct answer unavailable = ANSWER("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy");

struct head {
    const char *path;
    size_t path_length;
    size_t length; // up to and with the empty line
    uint64_t body_length;
};

static bool has_prefix(const struct head *head, const char *prefix) {
    size_t length = strlen(prefix);
    return head->path_length >= length && memcmp(head->path, prefix, length) == 0;
}

// Returns false where the head isn't whole yet; a malformed one has no path.
static bool parse(const char *bytes, size_t count, struct head *head) {
    const char *end = memmem(bytes, count, "\r\n\r\n", 4);
    if (!end) return false;
    *head = (struct head){.length = (size_t)(end - bytes) + 4};
    const char *line_end = memchr(bytes, '\r', head->length);
    const char *path = memchr(bytes, ' ', (size_t)(line_end - bytes));
    if (!path) return true;
    path++;
    const char *path_end = memchr(path, ' ', (size_t)(line_end - path));
    if (!path_end) return true;
    head->path = path;
    head->path_length = (size_t)(path_end - path);
    for (const char *line = line_end + 2; line < end; line = line_end + 2) {
        line_end = memchr(line, '\r', (size_t)(end - line));
        if (!line_end) line_end = end;
        static const char name[] = "content-length:";
        if ((line[0] | 0x20) == 'c' && (size_t)(line_end - line) > sizeof name
            && strncasecmp(line, name, sizeof name - 1) == 0) {
            head->body_length = strtoull(line + sizeof name - 1, NULL, 10);
        }
    }
    return true;
}

// Decides on the answer; `body` holds as much of the body as was kept.
static const struct answer *judge(struct connection *connection, const struct head *head, const char *body, size_t kept) {
    static struct answer report;
    static uint64_t halves;
    if (has_prefix(head, "/stats")) {
        report = stats_answer();
        return &report;
    }
    if (has_prefix(head, "/reset")) {
        stats_reset();
        return &fine;
    }
    stats_request(head->body_length);
    if (has_prefix(head, "/lat")) stats_latency(body, kept);
    if (has_prefix(head, "/dead")) {
        stats_silent();
        connection->is_dead = true;
        return NULL;
    }
    if (has_prefix(head, "/half") && halves++ % 2 == 0) {
        stats_failed();
        return &unavailable;
    }
    return &fine;
}

bool http_received(struct connection *connection) {
    if (connection->is_dead) {
        connection->filled = 0;
        return true;
    }
    size_t used = 0;
    while (true) {
        size_t left = connection->filled - used;
        if (connection->next) {
            // The rest of a long body.
            size_t part = left < connection->body_left ? left : (size_t)connection->body_left;
            connection->body_left -= part;
            used += part;
            if (connection->body_left) break;
            const struct answer *answer = connection->next;
            connection->next = NULL;
            if (!connection_send(connection, answer)) return false;
            continue;
        }
        const char *bytes = connection->buffer + used;
        struct head head;
        if (!left || !parse(bytes, left, &head)) {
            if (left == kept_bytes) return false; // no head is that long
            break;
        }
        if (!head.path) return false;
        size_t here = left - head.length;
        bool is_long = head.length + head.body_length > kept_bytes;
        if (!is_long && here < head.body_length) break;
        size_t kept = is_long ? here : (size_t)head.body_length;
        if (is_long && used) break; // moved to the front first
        const struct answer *answer = judge(connection, &head, bytes + head.length, kept);
        used += head.length + kept;
        if (!answer) {
            used = connection->filled;
            break;
        }
        if (is_long) {
            connection->next = answer;
            connection->body_left = head.body_length - kept;
            continue;
        }
        if (!connection_send(connection, answer)) return false;
    }
    connection->filled -= used;
    if (used && connection->filled) memmove(connection->buffer, connection->buffer + used, connection->filled);
    return true;
}
