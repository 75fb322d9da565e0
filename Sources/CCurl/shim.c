#include "CCurl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(((ccurl_outcome *)0)->problem) >= CURL_ERROR_SIZE, "curl writes so much");

static struct {
    __typeof__(&curl_global_init) global_init;
    __typeof__(&curl_easy_init) init;
    // The functions behind the macros that check types in curl's header.
    CURLcode (*setopt)(CURL *, CURLoption, ...);
    CURLcode (*perform)(CURL *);
    void (*cleanup)(CURL *);
    const char *(*strerror)(CURLcode);
} curl;

// The one with OpenSSL and, where that is not there, the one with GnuTLS.
static int load(void) {
    static int is_loaded = 0;
    if (is_loaded) return 1;
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) return 0;
    *(void **)&curl.global_init = dlsym(library, "curl_global_init");
    *(void **)&curl.init = dlsym(library, "curl_easy_init");
    *(void **)&curl.setopt = dlsym(library, "curl_easy_setopt");
    *(void **)&curl.perform = dlsym(library, "curl_easy_perform");
    *(void **)&curl.cleanup = dlsym(library, "curl_easy_cleanup");
    *(void **)&curl.strerror = dlsym(library, "curl_easy_strerror");
    is_loaded = curl.global_init && curl.init && curl.setopt && curl.perform && curl.cleanup && curl.strerror &&
                curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return is_loaded;
}

static size_t take_line(char *bytes, size_t size, size_t count, void *data) {
    const ccurl_listener *listener = data;
    return listener->line(listener->context, bytes, size * count) ? CURL_WRITEFUNC_ERROR : size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data) {
    const ccurl_listener *listener = data;
    return listener->body(listener->context, bytes, size * count) ? CURL_WRITEFUNC_ERROR : size * count;
}

static int wait_on(void *data, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now) {
    (void)total, (void)now, (void)up_total, (void)up_now;
    const ccurl_listener *listener = data;
    return listener->wait(listener->context);
}

static ccurl_end end_of(CURLcode code) {
    switch (code) {
        case CURLE_OK: return ccurl_complete;
        case CURLE_WRITE_ERROR:
        case CURLE_ABORTED_BY_CALLBACK: return ccurl_stopped;
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT: return ccurl_unreachable;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS: return ccurl_untrusted;
        case CURLE_PARTIAL_FILE:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM: return ccurl_cut;
        default: return ccurl_refused;
    }
}

// Sends us on only by the ways we came: from https to nothing less.
static void restrict_ways(CURL *handle, const char *url) {
    int is_secure = strncmp(url, "https:", 6) == 0;
#if LIBCURL_VERSION_NUM >= 0x075500
    curl.setopt(handle, CURLOPT_PROTOCOLS_STR, is_secure ? "https" : "http,https");
    curl.setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, is_secure ? "https" : "http,https");
#else
    long ways = is_secure ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS;
    curl.setopt(handle, CURLOPT_PROTOCOLS, ways);
    curl.setopt(handle, CURLOPT_REDIR_PROTOCOLS, ways);
#endif
}

ccurl_outcome ccurl_get(const ccurl_request *request, const ccurl_listener *listener) {
    ccurl_outcome outcome = {.end = ccurl_missing};
    if (!load()) return outcome;
    CURL *handle = curl.init();
    if (!handle) {
        outcome.end = ccurl_refused;
        snprintf(outcome.problem, sizeof outcome.problem, "libcurl could not be started");
        return outcome;
    }
    curl.setopt(handle, CURLOPT_URL, request->url);
    curl.setopt(handle, CURLOPT_USERAGENT, request->agent);
    curl.setopt(handle, CURLOPT_RANGE, request->range);
    if (request->certificates) curl.setopt(handle, CURLOPT_CAINFO, request->certificates);
    if (request->token) {
        curl.setopt(handle, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl.setopt(handle, CURLOPT_XOAUTH2_BEARER, request->token);
    }
    curl.setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
    curl.setopt(handle, CURLOPT_MAXREDIRS, 10L);
    restrict_ways(handle, request->url);
    curl.setopt(handle, CURLOPT_CONNECTTIMEOUT, request->connect_seconds);
    curl.setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl.setopt(handle, CURLOPT_LOW_SPEED_TIME, request->stall_seconds);
    curl.setopt(handle, CURLOPT_BUFFERSIZE, 256L << 10);
    // No signal of curl's: the program has its own.
    curl.setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.setopt(handle, CURLOPT_ERRORBUFFER, outcome.problem);
    curl.setopt(handle, CURLOPT_HEADERFUNCTION, take_line);
    curl.setopt(handle, CURLOPT_HEADERDATA, listener);
    curl.setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl.setopt(handle, CURLOPT_WRITEDATA, listener);
    curl.setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl.setopt(handle, CURLOPT_XFERINFOFUNCTION, wait_on);
    curl.setopt(handle, CURLOPT_XFERINFODATA, listener);
    CURLcode code = curl.perform(handle);
    outcome.end = end_of(code);
    if (code != CURLE_OK && !outcome.problem[0]) {
        snprintf(outcome.problem, sizeof outcome.problem, "%s", curl.strerror(code));
    }
    curl.cleanup(handle);
    return outcome;
}
