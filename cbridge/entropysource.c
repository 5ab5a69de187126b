// entropysource.c gives an entropy context sources that are Go's.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "drbg.h"
#include "_cgo_export.h"

#include <entropy_poll.h>

#if defined(MBEDTLS_FS_IO)
#define IF_FS_IO(call) (call)
#else
#define IF_FS_IO(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_ENTROPY_NV_SEED)
#define IF_NV_SEED(call) (call)
#else
#define IF_NV_SEED(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_NO_PLATFORM_ENTROPY)
#define IF_PLATFORM(call) GM_NOT_BUILT
#else
#define IF_PLATFORM(call) (call)
#endif

// gm_entropy_clear_sources takes away what the library begins with: the system's source.
void gm_entropy_clear_sources(mbedtls_entropy_context *e) { e->source_count = 0; }

// Reached when entropy is gathered, with the lock of the context held.
static int poll_go(void *source, unsigned char *out, size_t len, size_t *got)
{
    return gombEntropyPoll(source, out, len, got);
}

int gm_entropy_add_source(mbedtls_entropy_context *e, void *source, size_t threshold, int strong)
{
    const mbedtls_entropy_f_source_ptr poll = poll_go;
    return mbedtls_entropy_add_source(e, poll, source, threshold,
                                      strong ? MBEDTLS_ENTROPY_SOURCE_STRONG : MBEDTLS_ENTROPY_SOURCE_WEAK);
}

int gm_entropy_update_nv_seed(mbedtls_entropy_context *e)
{
    (void) e;
    return IF_NV_SEED(mbedtls_entropy_update_nv_seed(e));
}

int gm_entropy_write_seed_file(mbedtls_entropy_context *e, const char *path)
{
    (void) e, (void) path;
    return IF_FS_IO(mbedtls_entropy_write_seed_file(e, path));
}

int gm_entropy_update_seed_file(mbedtls_entropy_context *e, const char *path)
{
    (void) e, (void) path;
    return IF_FS_IO(mbedtls_entropy_update_seed_file(e, path));
}

int gm_platform_entropy_poll(unsigned char *out, size_t len, size_t *got)
{
    (void) out, (void) len, (void) got;
    return IF_PLATFORM(mbedtls_platform_entropy_poll(NULL, out, len, got));
}
