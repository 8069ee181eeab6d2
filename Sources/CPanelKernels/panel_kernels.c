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

DISPATCHED
void lmm_panel_subtract_scaled(
    long first, long last, const long *starts, const int *partners, const double *values,
    const double *scales, const double *rows, long stride, long count, double *y)
{
  for (long i = first; i < last; i++) {
    double sum[8] = {0};
    for (long k = starts[i]; k < starts[i + 1]; k++) {
      long j = partners[k];
      const double *row = rows + j * stride;
      double scale = values ? values[k] * scales[j] : scales[j];
      if (count == 4)
        for (int lane = 0; lane < 4; lane++) sum[lane] += scale * row[lane];
      else
        for (long lane = 0; lane < count; lane++) sum[lane] += scale * row[lane];
    }
    for (long lane = 0; lane < count; lane++) y[8 * i + lane] -= sum[lane];
  }
}

DISPATCHED
void lmm_panel_add_squares(
    long count, const double *images, const double *scales, const double *rows, long width,
    const double *combination, const double *inverse, double sign, double *sums)
{
  const lanes *from = (const lanes *) images;
  const lanes *columns = (const lanes *) inverse;
  lanes combined = *(const lanes *) combination, matrix = {0};
  double residual = 0;
  for (long i = 0; i < count; i++) {
    lanes s = {0};
    for (long x = 0; x < width; x++) s[x] = rows[i * width + x];
    s = scales[i] * (s - from[i]);
    lanes e = combined * s;
    double own = ((e[0] + e[4]) + (e[2] + e[6])) + ((e[1] + e[5]) + (e[3] + e[7]));
    residual += own * own;
    if (!inverse) continue;
    lanes product = {0};
    for (long x = 0; x + 1 < width; x++) product += s[x] * columns[x];
    matrix += product * s;
  }
  for (int lane = 0; lane < 8; lane++) sums[0] += sign * matrix[lane];
  sums[1] += residual;
}

/* So many sums are kept in registers. */
enum { SUMS = 8 };

DISPATCHED
void lmm_panel_combine(
    long first, long last, long terms, const double *const *x, long count,
    const double *coefficients, double *v)
{
  const lanes *scales = (const lanes *) coefficients;
  lanes *to = (lanes *) v;
  for (long i = first; i < last; i++) {
    for (long begin = 0; begin < count; begin += SUMS) {
      long end = begin + SUMS < count ? begin + SUMS : count;
      lanes sum[SUMS] = {{0}};
      if (end - begin == SUMS) {
        for (long k = 0; k < terms; k++) {
          lanes own = ((const lanes *) x[k])[i];
          for (long r = 0; r < SUMS; r++) sum[r] += scales[k * count + begin + r] * own;
        }
      } else {
        for (long k = 0; k < terms; k++) {
          lanes own = ((const lanes *) x[k])[i];
          for (long r = 0; r < end - begin; r++) sum[r] += scales[k * count + begin + r] * own;
        }
      }
      for (long r = 0; r < end - begin; r++) to[i * count + begin + r] = sum[r];
    }
  }
}
