// pkdebug.c looks at what mbedtls_pk_debug shows of a key.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "pk.h"

#include <mbedtls/ecp.h>

static int put(const mbedtls_mpi *n, gm_pk_debug_item *item, int i)
{
    item->lens[i] = mbedtls_mpi_size(n);
    if (item->lens[i] > sizeof(item->numbers[i])) {
        return MBEDTLS_ERR_MPI_BUFFER_TOO_SMALL;
    }
    return mbedtls_mpi_write_binary(n, item->numbers[i], item->lens[i]);
}

// gm_pk_debug gives item i; there is none where its type is MBEDTLS_PK_DEBUG_NONE.
int gm_pk_debug(const mbedtls_pk_context *pk, int i, gm_pk_debug_item *item)
{
    mbedtls_pk_debug_item items[MBEDTLS_PK_DEBUG_MAX_ITEMS + 1] = {0};
    int ret = mbedtls_pk_debug(pk, items);
    if (ret != 0) {
        return ret;
    }
    item->type = items[i].type;
    item->name = items[i].name;
    switch (items[i].type) {
        case MBEDTLS_PK_DEBUG_MPI:
            return put(items[i].value, item, 0);
        case MBEDTLS_PK_DEBUG_ECP:
            ret = put(&((const mbedtls_ecp_point *) items[i].value)->X, item, 0);
            return ret != 0 ? ret : put(&((const mbedtls_ecp_point *) items[i].value)->Y, item, 1);
        default:
            return 0;
    }
}
