#include "accel.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

_Atomic unsigned gm_accel_families;
_Atomic int gm_accel_exact;

void gm_accel_set(unsigned families)
{
    atomic_store(&gm_accel_families, families);
}

unsigned gm_accel_get(void)
{
    return atomic_load(&gm_accel_families);
}

void gm_accel_set_exact(int on)
{
    atomic_store(&gm_accel_exact, on);
}

// gm_cpu_has_sha tells whether an x86 processor has instructions for SHA-1 and SHA-256: leaf 7, bit 29 of EBX.
int gm_cpu_has_sha(void)
{
#if defined(__x86_64__)
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) != 0;
#else
    return 0;
#endif
}
