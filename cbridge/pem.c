// pem.c reads and writes PEM.
#include "pem.h"

#include <mbedtls/pem.h>
#include <string.h>

// gm_pem_read decodes what stands between header and footer in data, which ends with a zero byte. The result is shorter
// than that, and out is as long as data.
int gm_pem_read(const char *header, const char *footer, const unsigned char *data, const unsigned char *pwd, size_t pwd_len,
                unsigned char *out, size_t size, size_t *out_len, size_t *used)
{
#if defined(MBEDTLS_PEM_PARSE_C)
    mbedtls_pem_context ctx;
    int ret;

    mbedtls_pem_init(&ctx);
    *used = 0;
    ret = mbedtls_pem_read_buffer(&ctx, header, footer, data, pwd, pwd_len, used);
    if (ret == 0) {
        const unsigned char *buf = mbedtls_pem_get_buffer(&ctx, out_len);
        if (*out_len > size) {
            ret = MBEDTLS_ERR_PEM_BAD_INPUT_DATA;
        } else if (*out_len > 0) {
            memcpy(out, buf, *out_len);
        }
    }
    mbedtls_pem_free(&ctx);
    return ret;
#else
    (void) header, (void) footer, (void) data, (void) pwd, (void) pwd_len, (void) out, (void) size, (void) out_len, (void) used;
    return GM_NOT_BUILT;
#endif
}

int gm_pem_write(const char *header, const char *footer, const unsigned char *der, size_t len, unsigned char *buf,
                 size_t size, size_t *out_len)
{
#if defined(MBEDTLS_PEM_WRITE_C)
    return mbedtls_pem_write_buffer(header, footer, der, len, buf, size, out_len);
#else
    (void) header, (void) footer, (void) der, (void) len, (void) buf, (void) size, (void) out_len;
    return GM_NOT_BUILT;
#endif
}
