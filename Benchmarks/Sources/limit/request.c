// What is posted, and where to.
#include "limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    size_t count = fread(bytes, 1, *length, file);
    fclose(file);
    bytes[count] = 0;
    return count == *length ? bytes : NULL;
}

bool request_read(const char *path, struct request *request) {
    size_t length;
    char *bytes = read_file(path, &length);
    if (!bytes) return false;
    char *line = bytes;
    while (*line != '\n') {
        char *end = strchr(line, '\n');
        if (!end) return false;
        *end = 0;
        request->headers = curl_slist_append(request->headers, line);
        line = end + 1;
    }
    // What libcurl would add and the product doesn't send.
    request->headers = curl_slist_append(request->headers, "Expect:");
    request->headers = curl_slist_append(request->headers, "Accept:");
    request->body = line + 1;
    request->length = length - (size_t)(request->body - bytes);
    return true;
}

char **request_urls(const struct options *options) {
    char **urls = calloc((size_t)options->endpoints, sizeof *urls);
    const char *authority = strstr(options->url, "://");
    const char *colon = authority ? strchr(authority + 3, ':') : NULL;
    const char *path = colon ? strchr(colon, '/') : NULL;
    if (!path) return NULL;
    int port = atoi(colon + 1);
    for (int index = 0; index < options->endpoints; index++) {
        size_t room = strlen(options->url) + 32;
        urls[index] = malloc(room);
        snprintf(
            urls[index], room, "%.*s:%d%s%d", (int)(colon - options->url), options->url, port + index % options->ports,
            path, index);
    }
    return urls;
}
