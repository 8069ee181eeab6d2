// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef LMM_PANEL_KERNELS_H
#define LMM_PANEL_KERNELS_H

#include "CLevelKernels.h"
#include "CRowKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Loops over panels, eight vectors side by side: row i of a panel is x[8 i] ... x[8 i + 7].

   Each is compiled for AVX-512, AVX2 and what every processor has, and the one that the processor can run is
   chosen when the program is loaded. Multiplications and additions are rounded one by one in all of them, so that
   results do not depend on the processor. */

/* y_i += sum over k of values[k] x[partners[k]], k from starts[i] to starts[i + 1], for rows first <= i < last. */
void lmm_panel_add_products(
    long first, long last, const long *starts, const int *partners, const double *values,
    const double *x, double *y);

/* The same where all values are 1. */
void lmm_panel_add_sums(
    long first, long last, const long *starts, const int *partners, const double *x, double *y);

/* slopes[k] += sum over r < count and the eight lanes of own[r] v[partners[k] count + r], for first <= k < last. */
void lmm_panel_add_inner_products(
    long first, long last, const int *partners, long count, const double *own, const double *v,
    double *slopes);

#ifdef __cplusplus
}
#endif

#endif
