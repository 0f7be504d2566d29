// libcurl's multi-socket interface on epoll.
#include "limit.h"
#include "pace.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { events_per_round = 256 };

static const struct options *options;
static const struct request *request;
static char **urls;
static CURLM *multi;
static CURL **handles;
static CURL **resting; // those of them that wait for a request
static int resting_count;
static int poller;
static int64_t wake_at = -1; // milliseconds of CLOCK_MONOTONIC; -1: never
static long started, wanted; // requests
static long endpoint;
static struct outcome outcome;

static int64_t now_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t ignore(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes, (void)context;
    return size * count;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known) {
    (void)easy, (void)context;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(poller, EPOLL_CTL_DEL, socket, NULL);
        curl_multi_assign(multi, socket, NULL);
        return 0;
    }
    struct epoll_event event = {
        .events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0), .data.fd = socket};
    if (epoll_ctl(poller, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0 && errno == EEXIST) {
        epoll_ctl(poller, EPOLL_CTL_MOD, socket, &event);
    }
    curl_multi_assign(multi, socket, &poller);
    return 0;
}

static int on_timer(CURLM *multi_, long milliseconds, void *context) {
    (void)multi_, (void)context;
    wake_at = milliseconds < 0 ? -1 : now_milliseconds() + milliseconds;
    return 0;
}

static CURL *new_handle(void) {
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 15000L);
    curl_easy_setopt(
        easy, CURLOPT_HTTP_VERSION, (long)(options->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    if (options->authorities) curl_easy_setopt(easy, CURLOPT_CAINFO, options->authorities);
    return easy;
}

// Starts what is due, as long as there are handles.
static void start_due(void) {
    while (resting_count > 0 && started < wanted && pace_is_due(started)) {
        CURL *easy = resting[--resting_count];
        curl_easy_setopt(easy, CURLOPT_URL, urls[endpoint++ % options->endpoints]);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *)(intptr_t)started++);
        curl_multi_add_handle(multi, easy);
    }
}

static void work_off(void) {
    CURLMsg *message;
    int queued;
    while ((message = curl_multi_info_read(multi, &queued))) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL *easy = message->easy_handle;
        long status = 0;
        void *number = NULL;
        if (message->data.result == CURLE_OK) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (status / 100 == 2) outcome.answered++;
        else outcome.other++;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &number);
        pace_answered((long)(intptr_t)number);
        curl_multi_remove_handle(multi, easy);
        resting[resting_count++] = easy;
    }
    start_due();
}

bool loop_start(const struct options *options_, const struct request *request_, char **urls_) {
    options = options_;
    request = request_;
    urls = urls_;
    poller = epoll_create1(EPOLL_CLOEXEC);
    multi = curl_multi_init();
    handles = calloc((size_t)options->in_flight, sizeof *handles);
    resting = calloc((size_t)options->in_flight, sizeof *resting);
    if (poller < 0 || !multi || !handles || !resting) return false;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2048L);
    for (int index = 0; index < options->in_flight; index++) resting[index] = handles[index] = new_handle();
    resting_count = options->in_flight;
    return true;
}

struct outcome loop_run(long requests, long rate) {
    outcome = (struct outcome){0};
    started = 0;
    wanted = requests;
    int timer = pace_start(rate);
    struct epoll_event next_due = {.events = EPOLLIN | EPOLLET, .data.fd = timer};
    if (timer >= 0) epoll_ctl(poller, EPOLL_CTL_ADD, timer, &next_due);
    start_due();
    struct epoll_event events[events_per_round];
    int active;
    while (started < wanted || resting_count < options->in_flight) {
        int64_t wait = wake_at < 0 ? 1000 : wake_at - now_milliseconds();
        int count = epoll_wait(poller, events, events_per_round, wait < 0 ? 0 : (int)wait);
        for (int index = 0; index < count; index++) {
            uint32_t mask = events[index].events;
            if (events[index].data.fd == timer) continue;
            int action = (mask & EPOLLIN ? CURL_CSELECT_IN : 0) | (mask & EPOLLOUT ? CURL_CSELECT_OUT : 0)
                | (mask & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(multi, events[index].data.fd, action, &active);
        }
        if (wake_at >= 0 && wake_at <= now_milliseconds()) {
            wake_at = -1;
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &active);
        }
        work_off();
    }
    return outcome;
}

void loop_end(void) {
    for (int index = 0; index < options->in_flight; index++) curl_easy_cleanup(handles[index]);
    curl_multi_cleanup(multi);
    close(poller);
}
