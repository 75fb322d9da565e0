// A GET over HTTP with libcurl, as one function of plain C types: curl's own are variadic, which Swift cannot call. The
// library is loaded by the first GET and not with the program: it brings thirty others along, which every rank of every
// run would pay for (8 ms of 25 and 5 MB of 31) though hardly one of them fetches anything.
#pragma once
#include <stddef.h>

typedef struct {
    const char *url;
    // A bearer token, which another host that the server sends us to is not shown; NULL for none.
    const char *token;
    // As "100-"; NULL for all bytes.
    const char *range;
    const char *agent;
    // A file of certificates to trust in place of the system's; NULL for those.
    const char *certificates;
    long connect_seconds;
    // How long nothing may come.
    long stall_seconds;
} ccurl_request;

// What is called while the answer comes. Each function returns 0 to go on; anything else ends the transfer.
typedef struct {
    void *context;
    // A line of the head, of redirections too: each head begins with a line "HTTP/...".
    int (*line)(void *context, const char *bytes, size_t count);
    // Bytes of the body of the last answer.
    int (*body)(void *context, const char *bytes, size_t count);
    // Called at least once a second.
    int (*wait)(void *context);
} ccurl_listener;

typedef enum {
    ccurl_complete,
    // A function of the listener ended it.
    ccurl_stopped,
    // The host has no address, or nobody answers there.
    ccurl_unreachable,
    // It is not who it should be, or speaks no TLS that we do.
    ccurl_untrusted,
    // The answer did not come, or not whole.
    ccurl_cut,
    ccurl_refused,
    // There is no libcurl on this machine.
    ccurl_missing,
} ccurl_end;

typedef struct {
    ccurl_end end;
    // Why, in libcurl's words.
    char problem[256];
} ccurl_outcome;

// From one thread at a time. Proxies are taken from the environment, as every program with libcurl does.
ccurl_outcome ccurl_get(const ccurl_request *request, const ccurl_listener *listener);
