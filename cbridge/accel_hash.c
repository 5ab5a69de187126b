//go:build (amd64 || arm64) && !mbedtls_noaccel

// accel_hash.c stands before the library's SHA-1 and SHA-2. The contexts are the library's: what Go makes of one is what
// the library would have made of it, so that calls to either may follow each other.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "accel.h"
#include "_cgo_export.h"

#include <mbedtls/platform_util.h>
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <string.h>

// Above this, the library's lengths and Go's differ.
#define MAX_LENGTH ((uint64_t) 1 << 30)
#define MAX_TOTAL ((uint64_t) 1 << 60)

// How many whole blocks it takes until Go is faster, the way there and back included: 100 ns, measured.
enum { SHA1_BLOCKS = 4, SHA256_BLOCKS = 2, SHA512_BLOCKS = 2 };

// A total in two halves; past 64 bits, it is one that Go does not do.
static inline uint64_t total32(const uint32_t total[2])
{
    return (uint64_t) total[1] << 32 | total[0];
}

static inline uint64_t total64(const uint64_t total[2])
{
    return total[1] != 0 ? UINT64_MAX : total[0];
}

// update tells whether Go has added the input.
static inline int update(gm_hash_call *c, size_t blocks)
{
    return gm_accelerated(GM_ACCEL_HASH) && c->len <= MAX_LENGTH && c->total <= MAX_TOTAL &&
           c->total % c->block_len + c->len >= c->block_len * blocks && gombHashUpdate(c) == 0;
}

// WRAP_UPDATE defines the wrapper of mbedtls_…_update.
#define WRAP_UPDATE(sha, SHA, total_of, word)                                                                          \
    int __real_mbedtls_##sha##_update(mbedtls_##sha##_context *ctx, const unsigned char *input, size_t ilen);          \
                                                                                                                       \
    int __wrap_mbedtls_##sha##_update(mbedtls_##sha##_context *ctx, const unsigned char *input, size_t ilen)           \
    {                                                                                                                  \
        gm_hash_call c = {                                                                                             \
            .hash = GM_HASH_##SHA,                                                                                     \
            .state = (unsigned char *) ctx->state,                                                                     \
            .state_len = sizeof(ctx->state),                                                                           \
            .block = ctx->buffer,                                                                                      \
            .block_len = sizeof(ctx->buffer),                                                                          \
            .total = total_of(ctx->total),                                                                             \
            .in = input,                                                                                               \
            .len = ilen,                                                                                               \
        };                                                                                                             \
        if (!update(&c, SHA##_BLOCKS)) {                                                                               \
            return __real_mbedtls_##sha##_update(ctx, input, ilen);                                                    \
        }                                                                                                              \
        uint64_t total = c.total + ilen;                                                                               \
        ctx->total[0] = (word) total;                                                                                  \
        ctx->total[1] = sizeof(word) == 4 ? (word) (total >> 32) : 0;                                                  \
        return 0;                                                                                                      \
    }

// WRAP_ONE_SHOT defines the wrapper of a whole hash, which inside the library does not pass by the other wrapper.
#define WRAP_ONE_SHOT(sha)                                                                                             \
    int __wrap_mbedtls_##sha(const unsigned char *input, size_t ilen, unsigned char *output, int truncated)            \
    {                                                                                                                  \
        mbedtls_##sha##_context ctx;                                                                                   \
        mbedtls_##sha##_init(&ctx);                                                                                    \
        int ret = mbedtls_##sha##_starts(&ctx, truncated);                                                             \
        if (ret == 0 && (ret = __wrap_mbedtls_##sha##_update(&ctx, input, ilen)) == 0) {                               \
            ret = mbedtls_##sha##_finish(&ctx, output);                                                                \
        }                                                                                                              \
        mbedtls_##sha##_free(&ctx);                                                                                    \
        return ret;                                                                                                    \
    }

#if defined(MBEDTLS_SHA1_C)
WRAP_UPDATE(sha1, SHA1, total32, uint32_t)
#endif

#if (defined(MBEDTLS_SHA256_C) || defined(MBEDTLS_SHA224_C)) && !defined(__x86_64__)  // there, see accel_sha256.c
WRAP_UPDATE(sha256, SHA256, total32, uint32_t)
WRAP_ONE_SHOT(sha256)
#endif

#if defined(MBEDTLS_SHA512_C) || defined(MBEDTLS_SHA384_C)
WRAP_UPDATE(sha512, SHA512, total64, uint64_t)
WRAP_ONE_SHOT(sha512)
#endif
