// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef LMM_LEVEL_KERNELS_H
#define LMM_LEVEL_KERNELS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Loops over the levels of the only grouping factor, eight of them side by side in a pack: of every entry eight numbers
   stand one after another. A pack is the lower triangle of A_jj by columns, size (size + 1) / 2 entries, then A_j [X y] by
   columns, size x width. T is lower triangular, size x size by columns. D_j = T' A_jj T + I.

   As in CPanelKernels.h every multiplication and addition is rounded by itself, so that results do not depend on the
   processor. Sums over levels stay apart for the eight places in a pack. */

/* sums = sum of coefficients[k] times the entries of A_k, each A_k's part_stride entries behind those of the one before. */
void lmm_packs_combine(
    long entries, int parts, const double *fields, long part_stride, const double *coefficients, double *sums);

/* D = L diag(d) L'. scratch begins with what is added to, the sums over packs of W' diag(d)^-1 W, W = L^-1 T' A_j [X y], upper triangle by
   rows, width (width + 1) / 2 entries; it has room for size^2 + 2 size + size width more. pivots: mantissa, exponent, sum and signs of their
   product, 8 numbers each, which grow. */
void lmm_packs_absorb(
    int size, int width, long count, const double *fields, const double *T, double *scratch, double *pivots);

/* Added to totals: size^2 entries of F and of R G R', with G = HH' and `half` = H, rows x columns by columns, and size^2 of the
   products of answers N A_j [X y] zeta; above the diagonal, both. scratch: 4 size^2 + 3 size + size width entries. */
void lmm_packs_slopes(
    int size, int is_direct, int width, long count, const double *fields, const double *T, const double *zeta,
    const double *half, int rows, int columns, double *scratch, double *totals);

/* Of several A_k, whose packs stand in part_fields, each A_k's part_stride entries behind those of the one before: added to
   totals are the derivatives of the log-determinant, one entry for every part but the first, which has an entry that stays
   as it is, then those of the squares. `fields` are the packs of A. G is p x p, p = width - 1; NULL for ML. scratch: 4 size^2 + 3 size + 3 size width entries. */
void lmm_packs_part_slopes(
    int size, int width, int parts, long count, const double *fields, const double *part_fields,
    long part_stride, const double *T, const double *zeta, const double *G, double *scratch, double *totals);

#ifdef __cplusplus
}
#endif

#endif
