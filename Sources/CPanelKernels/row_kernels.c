// SPDX-License-Identifier: GPL-2.0-or-later
#include "CRowKernels.h"
#include "dispatch.h"

#pragma STDC FP_CONTRACT OFF

#define INLINED static inline __attribute__((always_inline))

/* Levels whose blocks are fetched before they are wanted: memory answers after the work of some thirty of them. */
enum { AHEAD = 32 };

INLINED void fetch(const double *block, long count)
{
  for (long k = 0; k < count; k += 8) __builtin_prefetch(block + k, 1);
  if (count > 0) __builtin_prefetch(block + count - 1, 1);
}

/* The columns that all rows have, and one run of one column behind them, are summed up side by side: `shared` is
   shared x shared, `celled` has for every column of the run its products with the shared ones, one after another. */
INLINED void add_rows(
    const int shared, const int has_run, long first, long last, const int *starts, const double *values,
    const double *weights, long columns, double *restrict sums, double *restrict celled)
{
  const int width = shared + has_run;
  double square[8 * 8] = {0};
  for (long row = first; row < last; row++) {
    const double *x = values + row * width;
    double wx[8];
    for (int a = 0; a < shared; a++) wx[a] = weights[row] * x[a];
    for (int a = 0; a < shared; a++)
      for (int b = 0; b < shared; b++) square[a * shared + b] += wx[a] * x[b];
    if (has_run) {
      const double v = x[shared], wv = weights[row] * v;
      double *own = celled + starts[row] * (shared + 1);
      for (int a = 0; a < shared; a++) own[a] += wx[a] * v;
      own[shared] += wv * v;
    }
  }
  for (int a = 0; a < shared; a++)
    for (int b = a; b < shared; b++) sums[a * columns + b] += square[a * shared + b];
}

#define CASE(S) case S: add_rows(S, has_run, first, last, starts, values, weights, columns, sums, celled); break;
#define CASES switch (shared) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) }

DISPATCHED
static void add_shared_rows(
    int shared, long first, long last, const double *values, const double *weights, long columns, double *sums)
{
  const int has_run = 0;
  const int *starts = 0;
  double *celled = 0;
  CASES
}

DISPATCHED
static void add_celled_rows(
    int shared, long first, long last, const int *starts, const double *values, const double *weights,
    long columns, double *sums, double *celled)
{
  const int has_run = 1;
  CASES
}

void lmm_rows_add_products(
    int shared, int has_run, long first, long last, const int *starts, const double *values,
    const double *weights, long columns, double *sums, double *celled)
{
  if (!has_run) {
    add_shared_rows(shared, first, last, values, weights, columns, sums);
    return;
  }
  add_celled_rows(shared, first, last, starts, values, weights, columns, sums, celled);
  for (long c = shared; c < columns; c++) {
    double *own = celled + c * (shared + 1);
    for (int a = 0; a < shared; a++) sums[a * columns + c] += own[a];
    sums[c * columns + c] += own[shared];
    for (int a = 0; a <= shared; a++) own[a] = 0;
  }
}

/* Four rows at a time, for the sums are fetched and written once for them; each sum is still taken row after row. */
DISPATCHED
void lmm_rows_add_wide_products(
    int shared, long first, long last, const double *restrict values, const double *restrict weights, long columns,
    double *restrict sums)
{
  long row = first;
  for (; row + 4 <= last; row += 4) {
    const double *restrict x = values + row * shared;
    for (int a = 0; a < shared; a++) {
      const double w0 = weights[row] * x[a], w1 = weights[row + 1] * x[shared + a];
      const double w2 = weights[row + 2] * x[2 * shared + a], w3 = weights[row + 3] * x[3 * shared + a];
      double *restrict line = sums + a * columns;
      for (int b = a; b < shared; b++)
        line[b] = (((line[b] + w0 * x[b]) + w1 * x[shared + b]) + w2 * x[2 * shared + b]) + w3 * x[3 * shared + b];
    }
  }
  for (; row < last; row++) {
    const double *restrict x = values + row * shared;
    for (int a = 0; a < shared; a++) {
      const double wx = weights[row] * x[a];
      for (int b = a; b < shared; b++) sums[a * columns + b] += wx * x[b];
    }
  }
}

/* Where the blocks of levels are: one after another, or in pages of 2^shift levels. */
struct places {
  double *blocks, *const *pages;
  long stride;
  int shift;
};

INLINED double *block_of(const int is_paged, const struct places *places, long level)
{
  if (!is_paged) return places->blocks + level * places->stride;
  return places->pages[level >> places->shift] + (level & ((1L << places->shift) - 1)) * places->stride;
}

/* Of a row of code c the level is targets[c] and the column of a run columns[start] where levels are in pages, and
   otherwise c and start themselves. */
INLINED void add_to_levels(
    const int z_width, const int shared, const int is_paged, int x_runs, long rows, const int *codes,
    const int *targets, const double *z, const int *starts, const int *columns, const double *x,
    const double *weights, long z_columns, long x_columns, const struct places *places)
{
  const int x_width = shared + x_runs;
  const long line = z_columns + x_columns, stride = places->stride;
  for (long row = 0; row < rows; row++) {
    if (row + AHEAD < rows) {
      const int later = codes[row + AHEAD];
      fetch(block_of(is_paged, places, is_paged ? targets[later] : later), stride < 64 ? stride : 64);
    }
    const int code = codes[row];
    double *restrict block = block_of(is_paged, places, is_paged ? targets[code] : code);
    const double *zr = z + row * z_width, *xr = x + row * x_width;
    for (int a = 0; a < z_width; a++) {
      const double wz = weights[row] * zr[a];
      double *own = block + a * line, *tail = own + z_columns;
      for (int b = 0; b < z_width; b++) own[b] += wz * zr[b];
      for (int b = 0; b < shared; b++) tail[b] += wz * xr[b];
      for (int r = 0; r < x_runs; r++) {
        const int start = starts[row * x_runs + r];
        tail[is_paged ? columns[start] : start] += wz * xr[shared + r];
      }
    }
  }
}

#define ADD(Z, S) \
  add_to_levels( \
      Z, S, is_paged, x_runs, rows, codes, targets, z, starts, columns, x, weights, z_columns, x_columns, &places)
#define LEVELS(Z, S) case S: ADD(Z, S); break;
#define WIDTHS(Z) \
  case Z: switch (shared) { \
    LEVELS(Z, 1) LEVELS(Z, 2) LEVELS(Z, 3) LEVELS(Z, 4) LEVELS(Z, 5) LEVELS(Z, 6) \
    default: ADD(Z, shared); \
  } break;
#define ALL_WIDTHS switch (z_width) { WIDTHS(1) WIDTHS(2) WIDTHS(3) default: ADD(z_width, shared); }

DISPATCHED
void lmm_rows_add_to_levels(
    int z_width, int shared, int x_runs, long rows, const int *codes, const double *z, const int *starts,
    const double *x, const double *weights, long z_columns, long x_columns, double *blocks)
{
  const int is_paged = 0;
  const int *targets = 0, *columns = 0;
  const struct places places = {blocks, 0, z_columns * (z_columns + x_columns), 0};
  ALL_WIDTHS
}

DISPATCHED
void lmm_rows_add_to_paged_levels(
    int z_width, int shared, int x_runs, long rows, const int *codes, const int *targets, const double *z,
    const int *starts, const int *columns, const double *x, const double *weights, long z_columns, long x_columns,
    double *const *pages, int shift)
{
  const int is_paged = 1;
  const struct places places = {0, pages, z_columns * (z_columns + x_columns), shift};
  ALL_WIDTHS
}

INLINED void add_levels(
    const int is_alike, long count, const int *targets, long known, const double *from, long from_stride,
    long entries, const int *sources, const int *places, long stride, double *const *pages, int shift)
{
  const long mask = (1L << shift) - 1;
  for (long k = 0; k < count; k++) {
    if (k + AHEAD < count) {
      const long later = targets[k + AHEAD];
      fetch(pages[later >> shift] + (later & mask) * stride, stride < 64 ? stride : 64);
    }
    const long target = targets[k];
    double *restrict to = pages[target >> shift] + (target & mask) * stride;
    const double *restrict block = from + k * from_stride;
    /* A first read of fresh memory and the write after it would cost two page faults. */
    if (target >= known)
      for (long i = 0; i < stride; i++) to[i] = 0.0;
    if (is_alike)
      for (long i = 0; i < stride; i++) to[i] += block[i];
    else
      for (long e = 0; e < entries; e++) to[places[e]] += block[sources[e]];
  }
}

DISPATCHED
void lmm_levels_add(
    long count, const int *targets, long known, const double *from, long stride, double *const *pages,
    int shift)
{
  add_levels(1, count, targets, known, from, stride, 0, 0, 0, stride, pages, shift);
}

DISPATCHED
void lmm_levels_add_elsewhere(
    long count, const int *targets, long known, const double *from, long from_stride, long entries,
    const int *sources, const int *places, long stride, double *const *pages, int shift)
{
  add_levels(0, count, targets, known, from, from_stride, entries, sources, places, stride, pages, shift);
}
