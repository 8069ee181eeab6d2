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

/* The first `count` lanes of y_i -= sum over k of values[k] scales[j] times the numbers from rows[j stride] on,
   j = partners[k]; without values these are 1. */
void lmm_panel_subtract_scaled(
    long first, long last, const long *starts, const int *partners, const double *values,
    const double *scales, const double *rows, long stride, long count, double *y);

/* With s_i = scales[i] (rows_i - images_i) for i < count, of the first `width` lanes: sums[0] += sign times the sum of
   s_i' G s_i, and sums[1] += the sum of (c's_i)^2; G, 8 x 8, is `inverse`, or nothing, and c `combination`. */
void lmm_panel_add_squares(
    long count, const double *images, const double *scales, const double *rows, long width,
    const double *combination, const double *inverse, double sign, double *sums);

/* v[i count + r] = sum over k < terms of coefficients[k count + r] x[k][i], for rows first <= i < last and r < count;
   coefficients are panels, too. */
void lmm_panel_combine(
    long first, long last, long terms, const double *const *x, long count,
    const double *coefficients, double *v);

#ifdef __cplusplus
}
#endif

#endif
