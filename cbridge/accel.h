// accel.h is what the accelerated primitives (accel_….c) share. Each wraps a function of the library at link time
// (--wrap, see accel_wraps.go): it calls Go for the cases that Go is faster at, and the library's own for all others.
#ifndef GOMBEDTLS_ACCEL_H
#define GOMBEDTLS_ACCEL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

// The families, one bit each; accel.go names them.
#define GM_ACCEL_AES_GCM (1u << 0)
#define GM_ACCEL_CHACHAPOLY (1u << 1)
#define GM_ACCEL_ECC (1u << 2)
#define GM_ACCEL_X25519 (1u << 3)
#define GM_ACCEL_RSA (1u << 4)
#define GM_ACCEL_HASH (1u << 5)

// What a wrapper gets from Go for a case that it leaves to the library.
#define GM_ACCEL_DECLINED 1

extern _Atomic unsigned gm_accel_families;  // that are on
extern _Atomic int gm_accel_exact;          // see SetExactRandomness

static inline int gm_accelerated(unsigned family)
{
    return (atomic_load_explicit(&gm_accel_families, memory_order_relaxed) & family) != 0;
}

static inline int gm_accel_is_exact(void)
{
    return atomic_load_explicit(&gm_accel_exact, memory_order_relaxed);
}

// gm_aead_call is what accel_aead.c passes to Go: len bytes, and behind those of in (to open) or out (to seal) the tag.
enum { GM_AEAD_AES_GCM, GM_AEAD_CHACHAPOLY };
enum { GM_AEAD_FORGED = 2 };  // beside 0 and GM_ACCEL_DECLINED
typedef struct {
    int cipher, open;
    const unsigned char *key;
    size_t key_len;
    uint32_t *hint;  // see Key in package accel
    int brief;
    const unsigned char *iv, *ad, *in;
    size_t ad_len, len;
    unsigned char *out;
} gm_aead_call;

// gm_hash_call is what accel_hash.c passes to Go: a context of the library's, and len bytes to add.
enum { GM_HASH_SHA1, GM_HASH_SHA256, GM_HASH_SHA512 };
typedef struct {
    int hash;
    unsigned char *state, *block;
    size_t state_len, block_len;
    uint64_t total;  // so far, in bytes
    const unsigned char *in;
    size_t len;
} gm_hash_call;

int gm_cpu_has_sha(void);

void gm_accel_set(unsigned families);
unsigned gm_accel_get(void);
void gm_accel_set_exact(int on);

#endif
