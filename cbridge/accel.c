#include "accel.h"

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
