#include "CWebhooksCurl.h"

#include <stdlib.h>
#include <string.h>

const curl_socket_t webhooks_curl_bad_socket = CURL_SOCKET_BAD;
const curl_socket_t webhooks_curl_timeout_socket = CURL_SOCKET_TIMEOUT;
const long webhooks_curl_basic_authentication = (long)CURLAUTH_BASIC;

CURLcode webhooks_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

CURLcode webhooks_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

CURLcode webhooks_curl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

CURLcode webhooks_curl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}

CURLcode webhooks_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

CURLcode webhooks_curl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, bytes ? &blob : NULL);
}

CURLcode webhooks_curl_set_data_function(CURL *easy, CURLoption option, webhooks_curl_data_function function) {
    return curl_easy_setopt(easy, option, function);
}

CURLcode webhooks_curl_set_prereq_function(CURL *easy, webhooks_curl_prereq_function function) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, function);
}

CURLcode webhooks_curl_set_open_function(CURL *easy, webhooks_curl_open_function function) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}

CURLcode webhooks_curl_set_tls_function(CURL *easy, webhooks_curl_tls_function function) {
    return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, function);
}

CURLcode webhooks_curl_set_close_function(CURL *easy, webhooks_curl_close_function function) {
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, function);
}

CURLcode webhooks_curl_set_progress_function(CURL *easy, webhooks_curl_progress_function function) {
    return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, function);
}

long webhooks_curl_get_long(CURL *easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

curl_off_t webhooks_curl_get_offset(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

void *webhooks_curl_get_private(CURL *easy) {
    char *value = NULL;
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &value) == CURLE_OK ? value : NULL;
}

CURLMcode webhooks_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

CURLMcode webhooks_curl_multi_set_functions(
    CURLM *multi,
    webhooks_curl_socket_function socket_function,
    webhooks_curl_timer_function timer_function,
    void *context
) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_function);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_function);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    return code;
}

CURL *webhooks_curl_multi_next_done(CURLM *multi, CURLcode *code) {
    int remaining = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &remaining))) {
        if (message->msg != CURLMSG_DONE) continue;
        *code = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}

bool webhooks_curl_uses_openssl(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return info && info->ssl_version && strstr(info->ssl_version, "OpenSSL/");
}

bool webhooks_curl_has_authorities_file(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return info && info->age >= CURLVERSION_SEVENTH && info->cainfo && info->cainfo[0];
}

// Shared by all lists and never freed: a name and a colon alone take a header of libcurl's own back.
static struct curl_slist own_headers[] = {
    {"Expect:", &own_headers[1]},
    {"Accept:", &own_headers[2]},
    {"Content-Type:", &own_headers[3]},
    {"User-Agent:", NULL},
};

bool webhooks_curl_headers_add(
    webhooks_curl_headers *headers,
    const void *name,
    size_t name_length,
    const void *value,
    size_t value_length
) {
    struct curl_slist *entry = malloc(sizeof *entry + name_length + 2 + value_length + 1);
    if (!entry) return false;
    char *text = (char *)(entry + 1);
    entry->data = text;
    entry->next = NULL;
    memcpy(text, name, name_length);
    text += name_length;
    if (value_length) {
        *text++ = ':';
        *text++ = ' ';
        memcpy(text, value, value_length);
        text += value_length;
    } else {
        *text++ = ';';
    }
    *text = 0;
    if (headers->last) headers->last->next = entry;
    else headers->first = entry;
    headers->last = entry;
    return true;
}

void webhooks_curl_headers_end(webhooks_curl_headers *headers) {
    if (headers->last) headers->last->next = own_headers;
    else headers->first = own_headers;
}

void webhooks_curl_headers_free(webhooks_curl_headers *headers) {
    struct curl_slist *entry = headers->first;
    while (entry && entry != own_headers) {
        struct curl_slist *next = entry->next;
        free(entry);
        entry = next;
    }
    headers->first = headers->last = NULL;
}
