// layout.c compares the library with the headers that the bridge is compiled with. They are of one build, unless an include
// path names one and the linker finds another, and then the structures that both sides use are not the same.
#include "bridge.h"

#include <stdlib.h>
#include <string.h>

// room is more than any of the types take, in any build.
enum { room = 1 << 16, filler = 0xA5 };

// The library clears the whole of what it initializes.
#define CLEARED(type, init) {#type, sizeof(type), (void (*)(void *)) (init)}
static const struct {
    const char *name;
    size_t size;
    void (*init)(void *);
} types[] = {
    CLEARED(mbedtls_ssl_context, mbedtls_ssl_init),
    CLEARED(mbedtls_ssl_config, mbedtls_ssl_config_init),
    CLEARED(mbedtls_ssl_session, mbedtls_ssl_session_init),
    CLEARED(mbedtls_x509_crt, mbedtls_x509_crt_init),
    CLEARED(mbedtls_ctr_drbg_context, mbedtls_ctr_drbg_init),
};

// size_in_library is where what init wrote ends.
static size_t size_in_library(void (*init)(void *), unsigned char *p)
{
    size_t n = room;
    memset(p, filler, room);
    init(p);
    while (n > 0 && p[n - 1] == filler) {
        n--;
    }
    return n;
}

// gm_compare_layout finds the first difference. An option that has a value is not among those that the library tells; where
// it is the length of something, a type is longer.
gm_difference gm_compare_layout(void)
{
    gm_difference d = {0};
    unsigned char *p;
#if defined(MBEDTLS_VERSION_FEATURES)
    for (const gm_option *o = gm_options; o->name != NULL; o++) {
        int off = strcmp(o->expansion, o->name) == 0;
        if (!o->is_function && (off || o->expansion[0] == 0) && (mbedtls_version_check_feature(o->name) == 0) == off) {
            d.option = o->name;
            return d;
        }
    }
#endif
    p = malloc(room);
    for (size_t i = 0; p != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
        size_t n = size_in_library(types[i].init, p);
        if (n != types[i].size) {
            d.type = types[i].name;
            d.size = types[i].size;
            d.library_size = n;
            break;
        }
    }
    free(p);
    return d;
}
