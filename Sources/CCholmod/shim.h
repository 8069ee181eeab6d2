#include <suitesparse/cholmod.h>

/* CHOLMOD's 64-bit index: `long` up to SuiteSparse 5, `int64_t` from 6 on. */
typedef SuiteSparse_long cholmod_index;
