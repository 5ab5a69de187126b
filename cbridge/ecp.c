#include "bridge.h"

#include <mbedtls/ecp.h>

int gm_ecp_set_max_ops(unsigned max_ops)
{
#if defined(MBEDTLS_ECP_RESTARTABLE)
    mbedtls_ecp_set_max_ops(max_ops);
    return 0;
#else
    (void) max_ops;
    return GM_NOT_BUILT;
#endif
}
