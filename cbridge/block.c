// block.c holds the block ciphers themselves, each with a key schedule to encrypt and one to decrypt, and AES-XTS.
#include "cipher.h"

#include <mbedtls/aes.h>
#include <mbedtls/aria.h>
#include <mbedtls/camellia.h>
#include <mbedtls/des.h>

typedef union {
    mbedtls_aes_context aes;
    mbedtls_aria_context aria;
    mbedtls_camellia_context camellia;
    mbedtls_des_context des;
    mbedtls_des3_context des3;
} schedule;

// block_type has what a cipher can do; NULL is what this build leaves out.
typedef struct {
    int id;
    size_t size;
    int (*setkey_enc)(schedule *, const unsigned char *key, unsigned bits);
    int (*setkey_dec)(schedule *, const unsigned char *key, unsigned bits);
    int (*ecb)(schedule *, int mode, const unsigned char *in, unsigned char *out);
    int (*cbc)(schedule *, int mode, size_t len, unsigned char *iv, const unsigned char *in, unsigned char *out);
    int (*cfb128)(schedule *, int mode, size_t len, size_t *off, unsigned char *iv, const unsigned char *in,
                  unsigned char *out);
    int (*ctr)(schedule *, size_t len, size_t *off, unsigned char *counter, unsigned char *stream,
               const unsigned char *in, unsigned char *out);
    void (*wipe)(schedule *);
} block_type;

// WRAP_CBC, WRAP_CFB and WRAP_CTR define the functions of a mode, or NULL in their place.
#if defined(MBEDTLS_CIPHER_MODE_CBC)
#define WRAP_CBC(name, crypt)                                                                                          \
    static int name##_cbc(schedule *s, int mode, size_t len, unsigned char *iv, const unsigned char *in,               \
                          unsigned char *out)                                                                          \
    {                                                                                                                  \
        return crypt(&s->name, mode, len, iv, in, out);                                                                \
    }
#define CBC(name) name##_cbc
#else
#define WRAP_CBC(name, crypt)
#define CBC(name) NULL
#endif

#if defined(MBEDTLS_CIPHER_MODE_CFB)
#define WRAP_CFB(name, crypt)                                                                                          \
    static int name##_cfb128(schedule *s, int mode, size_t len, size_t *off, unsigned char *iv,                        \
                             const unsigned char *in, unsigned char *out)                                              \
    {                                                                                                                  \
        return crypt(&s->name, mode, len, off, iv, in, out);                                                           \
    }
#define CFB(name) name##_cfb128
#else
#define WRAP_CFB(name, crypt)
#define CFB(name) NULL
#endif

#if defined(MBEDTLS_CIPHER_MODE_CTR)
#define WRAP_CTR(name, crypt)                                                                                          \
    static int name##_ctr(schedule *s, size_t len, size_t *off, unsigned char *counter, unsigned char *stream,         \
                          const unsigned char *in, unsigned char *out)                                                 \
    {                                                                                                                  \
        return crypt(&s->name, len, off, counter, stream, in, out);                                                    \
    }
#define CTR(name) name##_ctr
#else
#define WRAP_CTR(name, crypt)
#define CTR(name) NULL
#endif

// WRAP_SETKEY defines the functions that take a key of any length.
#define WRAP_SETKEY(name, way, setkey)                                                                                 \
    static int name##_setkey_##way(schedule *s, const unsigned char *key, unsigned bits)                               \
    {                                                                                                                  \
        return setkey(&s->name, key, bits);                                                                            \
    }
#if defined(MBEDTLS_BLOCK_CIPHER_NO_DECRYPT)
#define WRAP_DECRYPTION(name, setkey)
#define DECRYPTION(name) NULL
#else
#define WRAP_DECRYPTION(name, setkey) WRAP_SETKEY(name, dec, setkey)
#define DECRYPTION(name) name##_setkey_dec
#endif

// WRAP_ECB and WRAP_ECB_OF_KEY define the functions of one block: the latter's mode is in the schedule.
#define WRAP_ECB(name, crypt)                                                                                          \
    static int name##_ecb(schedule *s, int mode, const unsigned char *in, unsigned char *out)                          \
    {                                                                                                                  \
        return crypt(&s->name, mode, in, out);                                                                         \
    }
#define WRAP_ECB_OF_KEY(name, crypt)                                                                                   \
    static int name##_ecb(schedule *s, int mode, const unsigned char *in, unsigned char *out)                          \
    {                                                                                                                  \
        (void) mode;                                                                                                   \
        return crypt(&s->name, in, out);                                                                               \
    }
#define WRAP_WIPE(name, wipe)                                                                                          \
    static void name##_wipe(schedule *s) { wipe(&s->name); }

#define ROW(id, size, name, dec, cfb, ctr)                                                                             \
    { id, size, name##_setkey_enc, dec, name##_ecb, CBC(name), cfb, ctr, name##_wipe },
#define ROW_128(id, name) ROW(id, 16, name, DECRYPTION(name), CFB(name), CTR(name))

#if defined(MBEDTLS_AES_C)
WRAP_SETKEY(aes, enc, mbedtls_aes_setkey_enc)
WRAP_DECRYPTION(aes, mbedtls_aes_setkey_dec)
WRAP_ECB(aes, mbedtls_aes_crypt_ecb)
WRAP_CBC(aes, mbedtls_aes_crypt_cbc)
WRAP_CFB(aes, mbedtls_aes_crypt_cfb128)
WRAP_CTR(aes, mbedtls_aes_crypt_ctr)
WRAP_WIPE(aes, mbedtls_aes_free)
#define ROW_AES ROW_128(MBEDTLS_CIPHER_ID_AES, aes)
#else
#define ROW_AES
#endif

#if defined(MBEDTLS_ARIA_C)
WRAP_SETKEY(aria, enc, mbedtls_aria_setkey_enc)
WRAP_DECRYPTION(aria, mbedtls_aria_setkey_dec)
WRAP_ECB_OF_KEY(aria, mbedtls_aria_crypt_ecb)
WRAP_CBC(aria, mbedtls_aria_crypt_cbc)
WRAP_CFB(aria, mbedtls_aria_crypt_cfb128)
WRAP_CTR(aria, mbedtls_aria_crypt_ctr)
WRAP_WIPE(aria, mbedtls_aria_free)
#define ROW_ARIA ROW_128(MBEDTLS_CIPHER_ID_ARIA, aria)
#else
#define ROW_ARIA
#endif

#if defined(MBEDTLS_CAMELLIA_C)
WRAP_SETKEY(camellia, enc, mbedtls_camellia_setkey_enc)
WRAP_DECRYPTION(camellia, mbedtls_camellia_setkey_dec)
WRAP_ECB(camellia, mbedtls_camellia_crypt_ecb)
WRAP_CBC(camellia, mbedtls_camellia_crypt_cbc)
WRAP_CFB(camellia, mbedtls_camellia_crypt_cfb128)
WRAP_CTR(camellia, mbedtls_camellia_crypt_ctr)
WRAP_WIPE(camellia, mbedtls_camellia_free)
#define ROW_CAMELLIA ROW_128(MBEDTLS_CIPHER_ID_CAMELLIA, camellia)
#else
#define ROW_CAMELLIA
#endif

#if defined(MBEDTLS_DES_C)
// The library looks at no length of a key.
#define WRAP_DES(way, setkey)                                                                                          \
    static int des_setkey_##way(schedule *s, const unsigned char *key, unsigned bits)                                  \
    {                                                                                                                  \
        return bits != 64 ? MBEDTLS_ERR_DES_INVALID_INPUT_LENGTH : setkey(&s->des, key);                               \
    }
#define WRAP_DES3(way, set2key, set3key)                                                                               \
    static int des3_setkey_##way(schedule *s, const unsigned char *key, unsigned bits)                                 \
    {                                                                                                                  \
        return bits == 128   ? set2key(&s->des3, key)                                                                  \
               : bits == 192 ? set3key(&s->des3, key)                                                                  \
                             : MBEDTLS_ERR_DES_INVALID_INPUT_LENGTH;                                                   \
    }
WRAP_DES(enc, mbedtls_des_setkey_enc)
WRAP_DES(dec, mbedtls_des_setkey_dec)
WRAP_ECB_OF_KEY(des, mbedtls_des_crypt_ecb)
WRAP_CBC(des, mbedtls_des_crypt_cbc)
WRAP_WIPE(des, mbedtls_des_free)
WRAP_DES3(enc, mbedtls_des3_set2key_enc, mbedtls_des3_set3key_enc)
WRAP_DES3(dec, mbedtls_des3_set2key_dec, mbedtls_des3_set3key_dec)
WRAP_ECB_OF_KEY(des3, mbedtls_des3_crypt_ecb)
WRAP_CBC(des3, mbedtls_des3_crypt_cbc)
WRAP_WIPE(des3, mbedtls_des3_free)
#define ROWS_DES                                                                                                       \
    ROW(MBEDTLS_CIPHER_ID_DES, 8, des, des_setkey_dec, NULL, NULL)                                                     \
    ROW(MBEDTLS_CIPHER_ID_3DES, 8, des3, des3_setkey_dec, NULL, NULL)
#else
#define ROWS_DES
#endif

static const block_type types[] = { ROW_AES ROW_ARIA ROW_CAMELLIA ROWS_DES{ .id = -1 } };

struct gm_block {
    const block_type *type;
    schedule enc, dec;
};

int gm_block_new(int id, const unsigned char *key, unsigned bits, gm_block **out)
{
    const block_type *type = types;
    while (type->id != id) {
        if (type->id == -1) {
            return GM_NOT_BUILT;
        }
        type++;
    }
    // All zeros is what each cipher's init makes.
    gm_block *b = mbedtls_calloc(1, sizeof(*b));
    if (b == NULL) {
        return MBEDTLS_ERR_CIPHER_ALLOC_FAILED;
    }
    b->type = type;
    int ret = type->setkey_enc(&b->enc, key, bits);
    if (ret == 0 && type->setkey_dec != NULL) {
        ret = type->setkey_dec(&b->dec, key, bits);
    }
    if (ret != 0) {
        gm_block_delete(b);
        return ret;
    }
    *out = b;
    return 0;
}

void gm_block_delete(gm_block *b)
{
    b->type->wipe(&b->enc);
    b->type->wipe(&b->dec);
    mbedtls_free(b);
}

size_t gm_block_size(const gm_block *b) { return b->type->size; }

// lacks tells whether there is no schedule for the mode. AES without one reads past its context.
static int lacks(const gm_block *b, int mode) { return mode == MBEDTLS_DECRYPT && b->type->setkey_dec == NULL; }

static schedule *of(gm_block *b, int mode) { return mode == MBEDTLS_DECRYPT ? &b->dec : &b->enc; }

int gm_block_ecb(gm_block *b, int mode, const unsigned char *in, unsigned char *out)
{
    return lacks(b, mode) ? GM_NOT_BUILT : b->type->ecb(of(b, mode), mode, in, out);
}

int gm_block_cbc(gm_block *b, int mode, size_t len, unsigned char *iv, const unsigned char *in, unsigned char *out)
{
    return b->type->cbc == NULL || lacks(b, mode) ? GM_NOT_BUILT : b->type->cbc(of(b, mode), mode, len, iv, in, out);
}

int gm_block_cfb128(gm_block *b, int mode, size_t len, size_t *off, unsigned char *iv, const unsigned char *in,
                    unsigned char *out)
{
    return b->type->cfb128 == NULL ? GM_NOT_BUILT : b->type->cfb128(&b->enc, mode, len, off, iv, in, out);
}

int gm_block_ctr(gm_block *b, size_t len, size_t *off, unsigned char *counter, unsigned char *stream,
                 const unsigned char *in, unsigned char *out)
{
    return b->type->ctr == NULL ? GM_NOT_BUILT : b->type->ctr(&b->enc, len, off, counter, stream, in, out);
}

int gm_block_cfb8(gm_block *b, int mode, size_t len, unsigned char *iv, const unsigned char *in, unsigned char *out)
{
#if defined(MBEDTLS_CIPHER_MODE_CFB)
    return b->type->id != MBEDTLS_CIPHER_ID_AES ? GM_NOT_BUILT
                                                : mbedtls_aes_crypt_cfb8(&b->enc.aes, mode, len, iv, in, out);
#else
    (void) b, (void) mode, (void) len, (void) iv, (void) in, (void) out;
    return GM_NOT_BUILT;
#endif
}

int gm_block_ofb(gm_block *b, size_t len, size_t *off, unsigned char *iv, const unsigned char *in, unsigned char *out)
{
#if defined(MBEDTLS_CIPHER_MODE_OFB)
    return b->type->id != MBEDTLS_CIPHER_ID_AES ? GM_NOT_BUILT
                                                : mbedtls_aes_crypt_ofb(&b->enc.aes, len, off, iv, in, out);
#else
    (void) b, (void) len, (void) off, (void) iv, (void) in, (void) out;
    return GM_NOT_BUILT;
#endif
}

#if defined(MBEDTLS_AES_C) && defined(MBEDTLS_CIPHER_MODE_XTS)

struct gm_xts {
    mbedtls_aes_xts_context enc, dec;
};

int gm_xts_new(const unsigned char *key, unsigned bits, gm_xts **out)
{
    gm_xts *x = mbedtls_calloc(1, sizeof(*x));
    if (x == NULL) {
        return MBEDTLS_ERR_CIPHER_ALLOC_FAILED;
    }
    mbedtls_aes_xts_init(&x->enc);
    mbedtls_aes_xts_init(&x->dec);
    int ret = mbedtls_aes_xts_setkey_enc(&x->enc, key, bits);
    if (ret == 0) {
        ret = mbedtls_aes_xts_setkey_dec(&x->dec, key, bits);
    }
    if (ret != 0) {
        gm_xts_delete(x);
        return ret;
    }
    *out = x;
    return 0;
}

void gm_xts_delete(gm_xts *x)
{
    mbedtls_aes_xts_free(&x->enc);
    mbedtls_aes_xts_free(&x->dec);
    mbedtls_free(x);
}

int gm_xts_crypt(gm_xts *x, int mode, size_t len, const unsigned char *unit, const unsigned char *in, unsigned char *out)
{
    return mbedtls_aes_crypt_xts(mode == MBEDTLS_DECRYPT ? &x->dec : &x->enc, mode, len, unit, in, out);
}

#else

int gm_xts_new(const unsigned char *key, unsigned bits, gm_xts **out)
{
    (void) key, (void) bits, (void) out;
    return GM_NOT_BUILT;
}

void gm_xts_delete(gm_xts *x) { (void) x; }

int gm_xts_crypt(gm_xts *x, int mode, size_t len, const unsigned char *unit, const unsigned char *in, unsigned char *out)
{
    (void) x, (void) mode, (void) len, (void) unit, (void) in, (void) out;
    return GM_NOT_BUILT;
}

#endif

#if defined(MBEDTLS_DES_C)
#define IF_DES(call) (call)
#else
#define IF_DES(call) GM_NOT_BUILT
#endif

int gm_des_key_set_parity(unsigned char *key)
{
    (void) key;
    return IF_DES((mbedtls_des_key_set_parity(key), 0));
}

// These are 0 or 1.
int gm_des_key_check_parity(const unsigned char *key)
{
    (void) key;
    return IF_DES(mbedtls_des_key_check_key_parity(key));
}

int gm_des_key_check_weak(const unsigned char *key)
{
    (void) key;
    return IF_DES(mbedtls_des_key_check_weak(key));
}
