//go:build amd64 && !mbedtls_noaccel

// accel_sha256.c stands before the library's SHA-256. A handshake hashes a few hundred blocks, mostly one at a time: for
// these, the way to Go costs as much as the library's C. So this is the processor's own instructions, which the library
// uses on ARM alone. They take the same time whatever the data.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "accel.h"
#include "bridge.h"

#if defined(MBEDTLS_SHA256_C) || defined(MBEDTLS_SHA224_C)

#include <immintrin.h>
#include <mbedtls/sha256.h>
#include <string.h>

enum { BLOCK = 64, LENGTH_AT = 56 };

// The constants of FIPS 180-4 section 4.2.2.
static const _Alignas(16) uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

// add_blocks adds n whole blocks to a state.
__attribute__((target("sha,sse4.1"))) static void add_blocks(uint32_t state[8], const unsigned char *p, size_t n)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

    // The instructions have the state's words A to H as ABEF and CDGH, the first in the highest place.
    __m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *) state), _MM_SHUFFLE(0, 1, 2, 3));
    __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *) (state + 4)), _MM_SHUFFLE(0, 1, 2, 3));
    __m128i abef = _mm_unpackhi_epi64(hgfe, dcba), cdgh = _mm_unpacklo_epi64(hgfe, dcba);

    for (; n > 0; n--, p += BLOCK) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];  // the last 16 words of the message schedule
        for (int i = 0; i < 4; i++) {
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *) (p + 16 * i)), big_endian);
        }
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {  // four rounds each
            __m128i *now = &w[i % 4], next = w[(i + 1) % 4], third = w[(i + 2) % 4], last = w[(i + 3) % 4];
            __m128i k = _mm_add_epi32(*now, _mm_load_si128((const __m128i *) (round_constants + 4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, k);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_unpackhi_epi64(k, k));
            if (i < 12) {
                __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(*now, next), _mm_alignr_epi8(last, third, 4));
                *now = _mm_sha256msg2_epu32(sum, last);
            }
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }

    dcba = _mm_unpackhi_epi64(cdgh, abef);
    hgfe = _mm_unpacklo_epi64(cdgh, abef);
    _mm_storeu_si128((__m128i *) state, _mm_shuffle_epi32(dcba, _MM_SHUFFLE(0, 1, 2, 3)));
    _mm_storeu_si128((__m128i *) (state + 4), _mm_shuffle_epi32(hgfe, _MM_SHUFFLE(0, 1, 2, 3)));
}

int __real_mbedtls_sha256_update(mbedtls_sha256_context *ctx, const unsigned char *input, size_t ilen);
int __real_mbedtls_sha256_finish(mbedtls_sha256_context *ctx, unsigned char *output);

int __wrap_mbedtls_sha256_update(mbedtls_sha256_context *ctx, const unsigned char *input, size_t ilen)
{
    size_t held = ctx->total[0] % BLOCK;
    // Of more than 4 GiB at a time, the library counts what fits into 32 bits.
    if (!gm_accelerated(GM_ACCEL_HASH) || held + ilen < BLOCK || ilen > UINT32_MAX) {
        return __real_mbedtls_sha256_update(ctx, input, ilen);
    }
    uint64_t total = ((uint64_t) ctx->total[1] << 32 | ctx->total[0]) + ilen;
    ctx->total[0] = (uint32_t) total;
    ctx->total[1] = (uint32_t) (total >> 32);
    if (held > 0) {
        memcpy(ctx->buffer + held, input, BLOCK - held);
        add_blocks(ctx->state, ctx->buffer, 1);
        input += BLOCK - held;
        ilen -= BLOCK - held;
    }
    add_blocks(ctx->state, input, ilen / BLOCK);
    memcpy(ctx->buffer, input + ilen - ilen % BLOCK, ilen % BLOCK);
    return 0;
}

int __wrap_mbedtls_sha256_finish(mbedtls_sha256_context *ctx, unsigned char *output)
{
    if (!gm_accelerated(GM_ACCEL_HASH)) {
        return __real_mbedtls_sha256_finish(ctx, output);
    }
    size_t held = ctx->total[0] % BLOCK;
    ctx->buffer[held++] = 0x80;
    if (held > LENGTH_AT) {
        memset(ctx->buffer + held, 0, BLOCK - held);
        add_blocks(ctx->state, ctx->buffer, 1);
        held = 0;
    }
    memset(ctx->buffer + held, 0, LENGTH_AT - held);
    uint64_t bits = __builtin_bswap64(((uint64_t) ctx->total[1] << 32 | ctx->total[0]) << 3);
    memcpy(ctx->buffer + LENGTH_AT, &bits, sizeof(bits));
    add_blocks(ctx->state, ctx->buffer, 1);

    unsigned char digest[32];
    for (size_t i = 0; i < sizeof(digest) / 4; i++) {
        uint32_t word = __builtin_bswap32(ctx->state[i]);
        memcpy(digest + 4 * i, &word, sizeof(word));
    }
#if defined(MBEDTLS_SHA224_C)
    memcpy(output, digest, ctx->is224 ? 28 : 32);
#else
    memcpy(output, digest, 32);
#endif
    mbedtls_platform_zeroize(digest, sizeof(digest));
    mbedtls_sha256_free(ctx);  // as the library does
    return 0;
}

// A whole hash does not pass by the other two, inside the library.
int __wrap_mbedtls_sha256(const unsigned char *input, size_t ilen, unsigned char *output, int is224)
{
    mbedtls_sha256_context ctx;
    mbedtls_sha256_init(&ctx);
    int ret = mbedtls_sha256_starts(&ctx, is224);
    if (ret == 0 && (ret = __wrap_mbedtls_sha256_update(&ctx, input, ilen)) == 0) {
        ret = __wrap_mbedtls_sha256_finish(&ctx, output);
    }
    mbedtls_sha256_free(&ctx);
    return ret;
}

#endif
