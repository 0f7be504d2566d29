// The limit: what libcurl does on its own. One thread, one multi handle driven by sockets, easy handles that are
// reused, nothing stored, nothing signed.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

struct options {
    const char *url;         // endpoint n posts to this, followed by n
    const char *request;     // a file: header lines, an empty line, the body
    const char *authorities; // PEM file for HTTPS
    long requests;           // in all
    long warm_up;            // before the clock starts
    long rate;               // requests a second at fixed times; 0: each as soon as a handle is free
    int endpoints;
    int ports;               // the number of ports that the endpoints are spread over, from the URL's on
    int in_flight;
    bool http2;
};

struct request {
    struct curl_slist *headers;
    char *body;
    size_t length;
};

struct outcome {
    long answered, other; // 2xx, and everything else
};

// request.c
bool request_read(const char *path, struct request *request);
char **request_urls(const struct options *options);

// loop.c
// Sends the given number of requests, round robin over the endpoints, at a rate (0: as fast as it goes).
bool loop_start(const struct options *options, const struct request *request, char **urls);
struct outcome loop_run(long requests, long rate);
void loop_end(void);
