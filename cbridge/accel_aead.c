//go:build (amd64 || arm64) && !mbedtls_noaccel

// accel_aead.c stands before the library's one-shot AEAD functions. Their contexts are the library's throughout: its own
// setkey has run, so that what is not accelerated (operations in parts, other nonces and tags, buffers that overlap)
// finds everything as ever. See accel.Key for why no key can be taken for another.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "accel.h"
#include "_cgo_export.h"

#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>

enum { NONCE_SIZE = 12, TAG_SIZE = 16 };

// Above this, the library's limits and Go's differ.
enum { MAX_LENGTH = 1 << 30 };

// What a hint says while Go has nothing of the key. At READY, Go computes it for the next message. Until then, short
// ones are the library's: one of a fresh key, and many after Go has found another key in the place of this (MISSED).
enum { FRESH = 0, READY = 1, MISSED = 65, FIRST_SLOT = 66 };

static int apart(const void *a, size_t a_len, const void *b, size_t b_len)
{
    uintptr_t x = (uintptr_t) a, y = (uintptr_t) b;
    return a_len == 0 || b_len == 0 || x + a_len <= y || y + b_len <= x;
}

// fits tells whether Go does exactly what the library would.
static int fits(const gm_aead_call *c, const unsigned char *tag)
{
    const unsigned char *with_tag = c->open ? c->in : c->out;
    size_t in_len = c->len + (c->open ? TAG_SIZE : 0), out_len = c->len + (c->open ? 0 : TAG_SIZE);
    return c->len <= MAX_LENGTH && c->ad_len <= MAX_LENGTH && with_tag != NULL && tag == with_tag + c->len &&
           (c->in == c->out || apart(c->in, in_len, c->out, out_len)) && apart(c->out, out_len, c->ad, c->ad_len) &&
           apart(c->out, out_len, c->iv, NONCE_SIZE);
}

// worth tells whether Go is faster. What Go computes from a key costs as much as 200 bytes of the library's AEAD, and
// keys of a handshake are for a message or two: short ones are left to the library until the key is used again.
static int worth(gm_aead_call *c, size_t shortest, size_t shortest_first)
{
    if (c->len < shortest) {
        return 0;
    }
    c->brief = c->len < shortest_first;
    if (c->brief && *c->hint < FIRST_SLOT && *c->hint != READY) {
        *c->hint = *c->hint == FRESH ? READY : *c->hint - 1;
        return 0;
    }
    return 1;
}

static void forget(int cipher, const unsigned char *key, size_t key_len, uint32_t *hint)
{
    if (*hint >= FIRST_SLOT && key_len != 0) {
        gombAEADForget(&(gm_aead_call){.cipher = cipher, .key = key, .key_len = key_len, .hint = hint});
    }
    *hint = FRESH;
}

#if defined(MBEDTLS_GCM_C) && defined(MBEDTLS_AES_C)

int __real_mbedtls_gcm_setkey(mbedtls_gcm_context *ctx, mbedtls_cipher_id_t cipher, const unsigned char *key,
                              unsigned int keybits);
void __real_mbedtls_gcm_free(mbedtls_gcm_context *ctx);
int __real_mbedtls_gcm_crypt_and_tag(mbedtls_gcm_context *ctx, int mode, size_t length, const unsigned char *iv,
                                     size_t iv_len, const unsigned char *add, size_t add_len,
                                     const unsigned char *input, unsigned char *output, size_t tag_len,
                                     unsigned char *tag);
int __real_mbedtls_gcm_auth_decrypt(mbedtls_gcm_context *ctx, size_t length, const unsigned char *iv, size_t iv_len,
                                    const unsigned char *add, size_t add_len, const unsigned char *tag,
                                    size_t tag_len, const unsigned char *input, unsigned char *output);

// The hint lies in the padding behind the last member: init and free set it to zero with the rest.
static uint32_t *gcm_hint(mbedtls_gcm_context *ctx)
{
    enum { AT = sizeof(mbedtls_gcm_context) - sizeof(uint32_t) };
    _Static_assert(AT > offsetof(mbedtls_gcm_context, acceleration) && AT % _Alignof(uint32_t) == 0,
                   "no padding behind the last member");
    return (uint32_t *) ((unsigned char *) ctx + AT);
}

// gcm_key finds the key: it is the first of AES's round keys. Its length is 0 if there is none, or the cipher is not AES.
static const unsigned char *gcm_key(const mbedtls_gcm_context *ctx, size_t *len)
{
    const mbedtls_aes_context *aes = NULL;
#if defined(MBEDTLS_BLOCK_CIPHER_C)
    int is_aes = ctx->block_cipher_ctx.id == MBEDTLS_BLOCK_CIPHER_ID_AES;
#if defined(MBEDTLS_BLOCK_CIPHER_SOME_PSA)
    is_aes = is_aes && ctx->block_cipher_ctx.engine == MBEDTLS_BLOCK_CIPHER_ENGINE_LEGACY;
#endif
    if (is_aes) {
        aes = &ctx->block_cipher_ctx.ctx.aes;
    }
#else
    const mbedtls_cipher_info_t *info = ctx->cipher_ctx.cipher_info;
    if (info != NULL && (info->type == MBEDTLS_CIPHER_AES_128_ECB || info->type == MBEDTLS_CIPHER_AES_192_ECB ||
                         info->type == MBEDTLS_CIPHER_AES_256_ECB)) {
        aes = ctx->cipher_ctx.cipher_ctx;
    }
#endif
    *len = 0;
    if (aes == NULL) {
        return NULL;
    }
    if (aes->nr == 10 || aes->nr == 12 || aes->nr == 14) {
        *len = ((size_t) aes->nr - 6) * 4;
    }
    return (const unsigned char *) (aes->buf + aes->rk_offset);
}

enum { GCM_SHORTEST = 32, GCM_SHORTEST_FIRST = 256 };

static int gcm_call(mbedtls_gcm_context *ctx, gm_aead_call *c, const unsigned char *tag)
{
    if (!gm_accelerated(GM_ACCEL_AES_GCM)) {
        return GM_ACCEL_DECLINED;
    }
    c->cipher = GM_AEAD_AES_GCM;
    c->hint = gcm_hint(ctx);
    if (!fits(c, tag) || !worth(c, GCM_SHORTEST, GCM_SHORTEST_FIRST)) {
        return GM_ACCEL_DECLINED;
    }
    c->key = gcm_key(ctx, &c->key_len);
    return c->key_len == 0 ? GM_ACCEL_DECLINED : gombAEAD(c);
}

static void gcm_forget(mbedtls_gcm_context *ctx)
{
    size_t len;
    const unsigned char *key = gcm_key(ctx, &len);
    forget(GM_AEAD_AES_GCM, key, len, gcm_hint(ctx));
}

int __wrap_mbedtls_gcm_setkey(mbedtls_gcm_context *ctx, mbedtls_cipher_id_t cipher, const unsigned char *key,
                              unsigned int keybits)
{
    gcm_forget(ctx);
    return __real_mbedtls_gcm_setkey(ctx, cipher, key, keybits);
}

void __wrap_mbedtls_gcm_free(mbedtls_gcm_context *ctx)
{
    if (ctx != NULL) {
        gcm_forget(ctx);
    }
    __real_mbedtls_gcm_free(ctx);
}

int __wrap_mbedtls_gcm_crypt_and_tag(mbedtls_gcm_context *ctx, int mode, size_t length, const unsigned char *iv,
                                     size_t iv_len, const unsigned char *add, size_t add_len,
                                     const unsigned char *input, unsigned char *output, size_t tag_len,
                                     unsigned char *tag)
{
    if (mode == MBEDTLS_GCM_ENCRYPT && iv_len == NONCE_SIZE && tag_len == TAG_SIZE) {
        gm_aead_call c = {.iv = iv, .ad = add, .ad_len = add_len, .in = input, .out = output, .len = length};
        if (gcm_call(ctx, &c, tag) != GM_ACCEL_DECLINED) {
            return 0;
        }
    }
    return __real_mbedtls_gcm_crypt_and_tag(ctx, mode, length, iv, iv_len, add, add_len, input, output, tag_len, tag);
}

int __wrap_mbedtls_gcm_auth_decrypt(mbedtls_gcm_context *ctx, size_t length, const unsigned char *iv, size_t iv_len,
                                    const unsigned char *add, size_t add_len, const unsigned char *tag,
                                    size_t tag_len, const unsigned char *input, unsigned char *output)
{
    if (iv_len == NONCE_SIZE && tag_len == TAG_SIZE) {
        gm_aead_call c = {
            .open = 1, .iv = iv, .ad = add, .ad_len = add_len, .in = input, .out = output, .len = length};
        int outcome = gcm_call(ctx, &c, tag);
        if (outcome != GM_ACCEL_DECLINED) {
            return outcome == GM_AEAD_FORGED ? MBEDTLS_ERR_GCM_AUTH_FAILED : 0;
        }
    }
    return __real_mbedtls_gcm_auth_decrypt(ctx, length, iv, iv_len, add, add_len, tag, tag_len, input, output);
}

#endif

#if defined(MBEDTLS_CHACHAPOLY_C)

int __real_mbedtls_chachapoly_setkey(mbedtls_chachapoly_context *ctx, const unsigned char key[32]);
void __real_mbedtls_chachapoly_free(mbedtls_chachapoly_context *ctx);
int __real_mbedtls_chachapoly_encrypt_and_tag(mbedtls_chachapoly_context *ctx, size_t length,
                                              const unsigned char nonce[12], const unsigned char *aad, size_t aad_len,
                                              const unsigned char *input, unsigned char *output,
                                              unsigned char tag[16]);
int __real_mbedtls_chachapoly_auth_decrypt(mbedtls_chachapoly_context *ctx, size_t length,
                                           const unsigned char nonce[12], const unsigned char *aad, size_t aad_len,
                                           const unsigned char tag[16], const unsigned char *input,
                                           unsigned char *output);

// The hint lies in the padding before the length of Poly1305's queue: init and free set it to zero with the rest.
static uint32_t *chachapoly_hint(mbedtls_chachapoly_context *ctx)
{
    enum {
        QUEUE = offsetof(mbedtls_poly1305_context, queue),
        AT = offsetof(mbedtls_poly1305_context, queue_len) - sizeof(uint32_t),
    };
    _Static_assert(AT >= QUEUE + sizeof(ctx->poly1305_ctx.queue) && AT % _Alignof(uint32_t) == 0,
                   "no padding before queue_len");
    return (uint32_t *) ((unsigned char *) &ctx->poly1305_ctx + AT);
}

// chachapoly_key finds the key: it is in ChaCha20's state, behind four constants. Its length is 0 if there is none.
static const unsigned char *chachapoly_key(const mbedtls_chachapoly_context *ctx, size_t *len)
{
    *len = ctx->chacha20_ctx.state[0] == 0x61707865 ? 32 : 0;
    return (const unsigned char *) (ctx->chacha20_ctx.state + 4);
}

enum { CHACHAPOLY_SHORTEST = 96, CHACHAPOLY_SHORTEST_FIRST = 256, CHACHAPOLY_FINISHED = 3 };

static int chachapoly_call(mbedtls_chachapoly_context *ctx, gm_aead_call *c, const unsigned char *tag)
{
    if (!gm_accelerated(GM_ACCEL_CHACHAPOLY)) {
        return GM_ACCEL_DECLINED;
    }
    c->cipher = GM_AEAD_CHACHAPOLY;
    c->hint = chachapoly_hint(ctx);
    if (!fits(c, tag) || !worth(c, CHACHAPOLY_SHORTEST, CHACHAPOLY_SHORTEST_FIRST)) {
        return GM_ACCEL_DECLINED;
    }
    c->key = chachapoly_key(ctx, &c->key_len);
    int outcome = c->key_len == 0 ? GM_ACCEL_DECLINED : gombAEAD(c);
    if (outcome != GM_ACCEL_DECLINED) {
        ctx->state = CHACHAPOLY_FINISHED;  // as after the library's own: an update without a start is an error
    }
    return outcome;
}

static void chachapoly_forget(mbedtls_chachapoly_context *ctx)
{
    size_t len;
    const unsigned char *key = chachapoly_key(ctx, &len);
    forget(GM_AEAD_CHACHAPOLY, key, len, chachapoly_hint(ctx));
}

int __wrap_mbedtls_chachapoly_setkey(mbedtls_chachapoly_context *ctx, const unsigned char key[32])
{
    chachapoly_forget(ctx);
    return __real_mbedtls_chachapoly_setkey(ctx, key);
}

void __wrap_mbedtls_chachapoly_free(mbedtls_chachapoly_context *ctx)
{
    if (ctx != NULL) {
        chachapoly_forget(ctx);
    }
    __real_mbedtls_chachapoly_free(ctx);
}

int __wrap_mbedtls_chachapoly_encrypt_and_tag(mbedtls_chachapoly_context *ctx, size_t length,
                                              const unsigned char nonce[12], const unsigned char *aad, size_t aad_len,
                                              const unsigned char *input, unsigned char *output, unsigned char tag[16])
{
    gm_aead_call c = {.iv = nonce, .ad = aad, .ad_len = aad_len, .in = input, .out = output, .len = length};
    if (chachapoly_call(ctx, &c, tag) != GM_ACCEL_DECLINED) {
        return 0;
    }
    return __real_mbedtls_chachapoly_encrypt_and_tag(ctx, length, nonce, aad, aad_len, input, output, tag);
}

int __wrap_mbedtls_chachapoly_auth_decrypt(mbedtls_chachapoly_context *ctx, size_t length,
                                           const unsigned char nonce[12], const unsigned char *aad, size_t aad_len,
                                           const unsigned char tag[16], const unsigned char *input,
                                           unsigned char *output)
{
    gm_aead_call c = {.open = 1, .iv = nonce, .ad = aad, .ad_len = aad_len, .in = input, .out = output, .len = length};
    int outcome = chachapoly_call(ctx, &c, tag);
    if (outcome != GM_ACCEL_DECLINED) {
        return outcome == GM_AEAD_FORGED ? MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED : 0;
    }
    return __real_mbedtls_chachapoly_auth_decrypt(ctx, length, nonce, aad, aad_len, tag, input, output);
}

#endif
