// platform_entropy.c asks the operating system for entropy by getrandom, whatever the C library is. Upstream does so with
// glibc alone: with musl it reads /dev/urandom, which an empty root does not have. The linker puts this function before
// upstream's (--wrap).
#include "bridge.h"

#include <errno.h>
#include <sys/random.h>

int __real_mbedtls_platform_entropy_poll(void *ctx, unsigned char *out, size_t len, size_t *got);
int __wrap_mbedtls_platform_entropy_poll(void *ctx, unsigned char *out, size_t len, size_t *got);

int __wrap_mbedtls_platform_entropy_poll(void *ctx, unsigned char *out, size_t len, size_t *got)
{
    ssize_t n;
    do {
        n = getrandom(out, len, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return __real_mbedtls_platform_entropy_poll(ctx, out, len, got);
    }
    *got = (size_t) n;
    return 0;
}
