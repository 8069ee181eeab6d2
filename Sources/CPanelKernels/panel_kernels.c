// SPDX-License-Identifier: GPL-2.0-or-later
#include "CPanelKernels.h"
#include "dispatch.h"

#pragma STDC FP_CONTRACT OFF

/* Aligned as doubles are: panels come from ordinary allocations. */
typedef double lanes __attribute__((vector_size(64), aligned(8)));

DISPATCHED
void lmm_panel_add_products(
    long first, long last, const long *starts, const int *partners, const double *values,
    const double *x, double *y)
{
  const lanes *from = (const lanes *) x;
  lanes *to = (lanes *) y;
  for (long i = first; i < last; i++) {
    lanes sum = to[i];
    for (long k = starts[i]; k < starts[i + 1]; k++) sum += values[k] * from[partners[k]];
    to[i] = sum;
  }
}

DISPATCHED
void lmm_panel_add_sums(
    long first, long last, const long *starts, const int *partners, const double *x, double *y)
{
  const lanes *from = (const lanes *) x;
  lanes *to = (lanes *) y;
  for (long i = first; i < last; i++) {
    lanes sum = to[i];
    for (long k = starts[i]; k < starts[i + 1]; k++) sum += from[partners[k]];
    to[i] = sum;
  }
}

DISPATCHED
void lmm_panel_add_inner_products(
    long first, long last, const int *partners, long count, const double *own, const double *v,
    double *slopes)
{
  const lanes *left = (const lanes *) own;
  for (long k = first; k < last; k++) {
    const lanes *right = (const lanes *) v + partners[k] * count;
    lanes sum = {0};
    for (long r = 0; r < count; r++) sum += left[r] * right[r];
    slopes[k] += ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
  }
}
