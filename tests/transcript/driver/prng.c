// prng.c is the generator that prng_test.go has too.
#include "driver.h"

#include <string.h>

uint64_t fnv1a(uint64_t hash, const unsigned char *p, size_t len)
{
    while (len-- > 0) {
        hash = (hash ^ *p++) * 0x100000001b3u;
    }
    return hash;
}

void prng_seed(prng *r, const char *name)
{
    r->state = fnv1a(FNV_BEGIN, (const unsigned char *) name, strlen(name));
    r->left = 0;
}

// prng_fill gives the words' bytes from the lowest up. It is also an RNG callback of the library.
int prng_fill(void *ctx, unsigned char *p, size_t len)
{
    prng *r = ctx;
    unsigned char *number = len == 4 ? p : NULL;  // ticket_age_add, the one that the library draws as its processor keeps them
    for (; len > 0; len--, r->left--, r->word >>= 8) {
        if (r->left == 0) {
            uint64_t z = r->state += 0x9e3779b97f4a7c15u;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
            r->word = z ^ (z >> 31);
            r->left = 8;
        }
        *p++ = (unsigned char) r->word;
    }
    if (number != NULL) {
        uint32_t n = number[0] | (uint32_t) number[1] << 8 | (uint32_t) number[2] << 16 | (uint32_t) number[3] << 24;
        memcpy(number, &n, sizeof n);
    }
    return 0;
}
