// psamacros.c computes what the headers say in macros: one function, since there are more than a hundred of them.
#include "psa.h"
#if defined(GOMBEDTLS_FOUND)

// The macros expect the types of their arguments, but all of these are integers, and none is wider than size_t.
#define ONE(name) case GM_##name: return (size_t) name(a);
#define TWO(name) case GM_##name: return (size_t) name(a, b);
#define THREE(name) case GM_##name: return (size_t) name(a, b, c);

size_t gm_psa_eval(gm_psa_macro macro, size_t a, size_t b, size_t c)
{
    switch (macro) {
        GM_PSA_MACROS(ONE, TWO, THREE)
    }
    return 0;
}

#define NAME(name) case GM_##name: return #name;

// gm_psa_macro_name is NULL behind the last.
const char *gm_psa_macro_name(gm_psa_macro macro)
{
    switch (macro) {
        GM_PSA_MACROS(NAME, NAME, NAME)
    }
    return NULL;
}

#endif
