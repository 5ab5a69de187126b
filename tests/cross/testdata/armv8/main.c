// armv8 computes with the primitives for which ARMv8 has instructions, and prints the results in hex, one on a line. Built
// with FEW, for --wrap=getauxval, it finds a processor that has none of them.
#include <mbedtls/gcm.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <stdio.h>
#include <sys/auxv.h>

#ifdef FEW
#define FP_AND_ASIMD 3ul

unsigned long __real_getauxval(unsigned long type);
unsigned long __wrap_getauxval(unsigned long type);

unsigned long __wrap_getauxval(unsigned long type)
{
    unsigned long value = __real_getauxval(type);
    return type == AT_HWCAP ? value & FP_AND_ASIMD : value;
}
#endif

static void print(const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        printf("%02x", p[i]);
    }
    printf("\n");
}

int main(void)
{
    static unsigned char in[1000], out[1000 + 16];
    static const unsigned char key[32], iv[12];
    unsigned char hash[64];
    mbedtls_gcm_context gcm;

    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (unsigned char) i;
    }
    if (mbedtls_sha256(in, sizeof in, hash, 0) != 0) {
        return 1;
    }
    print(hash, 32);
    if (mbedtls_sha512(in, sizeof in, hash, 0) != 0) {
        return 1;
    }
    print(hash, 64);
    mbedtls_gcm_init(&gcm);
    if (mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256) != 0 ||
        mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, sizeof in, iv, sizeof iv, NULL, 0, in, out, 16, out + sizeof in) != 0) {
        return 1;
    }
    print(out, sizeof out);
    mbedtls_gcm_free(&gcm);
    return 0;
}
