// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef LMM_ROW_KERNELS_H
#define LMM_ROW_KERNELS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Sums over rows of model matrices. A row's entries stand one after another: first those of columns 0, 1, ...,
   which all rows share, then those in columns that the row names.

   As in CPanelKernels.h every multiplication and addition is rounded by itself and every sum is taken in the order of
   the rows, so that results depend neither on the processor nor on which loop was taken. */

/* sums += sum of w x x' over rows first <= row < last, upper triangle of `columns` columns, row-major. `shared`, at most
   eight, columns are shared; with `has_run`, one more entry stands in column starts[row], not below `shared`. The sums are
   zero before. `celled`: columns x (shared + 1), all zero before and after. */
void lmm_rows_add_products(
    int shared, int has_run, long first, long last, const int *starts, const double *values,
    const double *weights, long columns, double *sums, double *celled);

/* The same for any number of shared columns and no others. */
void lmm_rows_add_wide_products(
    int shared, long first, long last, const double *values, const double *weights, long columns, double *sums);

/* block += w z [z x]' of the row's level, its code. z has entries in columns 0, 1, ... alone; x has `shared` ones and `x_runs`
   more, in columns starts[row * x_runs + r]. A block is z_columns x (z_columns + x_columns), row-major. */
void lmm_rows_add_to_levels(
    int z_width, int shared, int x_runs, long rows, const int *codes, const double *z, const int *starts,
    const double *x, const double *weights, long z_columns, long x_columns, double *blocks);

/* The same for levels in pages of 2^shift: a row of code c is of level targets[c], and what stands in column s of x's rows
   is of column columns[s] of the blocks, the shared ones staying where they are. */
void lmm_rows_add_to_paged_levels(
    int z_width, int shared, int x_runs, long rows, const int *codes, const int *targets, const double *z,
    const int *starts, const int *columns, const double *x, const double *weights, long z_columns, long x_columns,
    double *const *pages, int shift);

/* Adds blocks of `stride` numbers to those of levels `targets`, which are in pages of 2^shift levels; levels from `known`
   on are zero before, whatever their memory holds. */
void lmm_levels_add(
    long count, const int *targets, long known, const double *from, long stride, double *const *pages,
    int shift);

/* The same for blocks in other columns: of every block, which has from_stride numbers, number sources[e] is added to
   number places[e], in the order of e. */
void lmm_levels_add_elsewhere(
    long count, const int *targets, long known, const double *from, long from_stride, long entries,
    const int *sources, const int *places, long stride, double *const *pages, int shift);

#ifdef __cplusplus
}
#endif

#endif
