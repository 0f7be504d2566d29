#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

enum { batch = 100 };

static CURLM *multi;
static CURL *handles[batch];

static size_t ignore(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes, (void)context;
    return size * count;
}

static void prepare(void) {
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 64L);
    for (int index = 0; index < batch; index++) {
        handles[index] = curl_easy_init();
        curl_easy_setopt(handles[index], CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(handles[index], CURLOPT_WRITEFUNCTION, ignore);
        curl_easy_setopt(handles[index], CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handles[index], CURLOPT_TIMEOUT_MS, 15000L);
    }
}

// Posts the rows; returns how many were answered with 2xx.
static int post(const struct options *options, PGresult *rows) {
    int count = PQntuples(rows), answered = 0, running = count;
    for (int row = 0; row < count; row++) {
        char url[1024];
        snprintf(url, sizeof url, "%s%s", options->url, PQgetvalue(rows, row, 0));
        curl_easy_setopt(handles[row], CURLOPT_URL, url);
        curl_easy_setopt(handles[row], CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)PQgetlength(rows, row, 1));
        curl_easy_setopt(handles[row], CURLOPT_POSTFIELDS, PQgetvalue(rows, row, 1));
        curl_multi_add_handle(multi, handles[row]);
    }
    while (running > 0) {
        curl_multi_perform(multi, &running);
        if (running > 0) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    for (int row = 0; row < count; row++) {
        long status = 0;
        curl_easy_getinfo(handles[row], CURLINFO_RESPONSE_CODE, &status);
        if (status / 100 == 2) answered++;
        curl_multi_remove_handle(multi, handles[row]);
    }
    return answered;
}

bool worker_run(const struct options *options) {
    prepare();
    PGconn *database = database_open(options);
    PQclear(PQprepare(
        database, "take",
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED)"
        " RETURNING endpoint, body",
        0, NULL));
    long left = options->requests;
    while (left > 0) {
        PQclear(database_run(database, "BEGIN"));
        PGresult *rows = PQexecPrepared(database, "take", 0, NULL, NULL, NULL, 0);
        if (PQresultStatus(rows) != PGRES_TUPLES_OK) return false;
        int count = PQntuples(rows);
        bool is_answered = post(options, rows) == count;
        PQclear(rows);
        PQclear(database_run(database, is_answered ? "COMMIT" : "ROLLBACK"));
        if (!is_answered) return false;
        left -= count;
        if (!count) usleep(1000);
    }
    PQfinish(database);
    return true;
}
