// SPDX-License-Identifier: GPL-2.0-or-later
#include "CLevelKernels.h"
#include "dispatch.h"

#pragma STDC FP_CONTRACT OFF

#define INLINED static inline __attribute__((always_inline))

/* Eight levels side by side, aligned as doubles are. */
typedef double lanes __attribute__((vector_size(64), aligned(8)));
typedef unsigned long words __attribute__((vector_size(64), aligned(8)));

/* Loops are written out up to this size, with matrices in registers. */
enum { SMALL = 3 };

/* The product of pivots as mantissa * 2^exponent; the sum and the signs tell whether all were positive and finite. */
typedef struct { lanes mantissa; words exponent; lanes sum; words signs; } pivot_product;

INLINED void multiply(pivot_product *product, const lanes *factor)
{
  const words bits = (words) (product->mantissa * *factor);
  product->exponent += (bits >> 52) - 1023;
  product->mantissa = (lanes) ((bits & ((1UL << 52) - 1)) | (1023UL << 52));
  product->sum += *factor;
  product->signs |= bits;
}

/* Entry (i, j), i >= j, of a packed lower triangle. */
INLINED int packed(int i, int j, const int size) { return j * (2 * size - j - 1) / 2 + i; }
INLINED int symmetric(int i, int j, const int size) { return i > j ? packed(i, j, size) : packed(j, i, size); }

/* T'AT + I = L D L' with a unit L below the diagonal of D; the pivots' inverses. */
INLINED void factorize(
    const int size, const lanes *A, const double *T, lanes *D, lanes *inverse, pivot_product *pivots)
{
  const lanes zero = {0};
  for (int j = 0; j < size; j++) {
    for (int i = j; i < size; i++) {
      lanes sum = zero;
      for (int k = j; k < size; k++) sum += A[symmetric(i, k, size)] * T[j * size + k];
      D[j * size + i] = sum; /* AT */
    }
    for (int i = j; i < size; i++) {
      lanes sum = zero + (i == j ? 1.0 : 0.0);
      for (int k = i; k < size; k++) sum += D[j * size + k] * T[i * size + k];
      D[j * size + i] = sum;
    }
  }
  for (int j = 0; j < size; j++) {
    const lanes pivot = D[j * size + j];
    multiply(pivots, &pivot);
    inverse[j] = 1.0 / pivot;
    for (int k = j + 1; k < size; k++) {
      const lanes factor = D[j * size + k] * inverse[j];
      for (int i = k; i < size; i++) D[k * size + i] -= D[j * size + i] * factor;
    }
    for (int i = j + 1; i < size; i++) D[j * size + i] *= inverse[j];
  }
}

DISPATCHED
void lmm_packs_combine(
    long entries, int parts, const double *fields, long part_stride, const double *coefficients, double *sums)
{
  const lanes *first = (const lanes *) fields, *second = first + part_stride;
  lanes *to = (lanes *) sums;
  if (parts == 1)
    for (long x = 0; x < entries; x++) to[x] = coefficients[0] * first[x];
  else
    for (long x = 0; x < entries; x++) to[x] = coefficients[0] * first[x] + coefficients[1] * second[x];
  for (int part = 2; part < parts; part++)
    for (long x = 0; x < entries; x++) to[x] += coefficients[part] * first[part * part_stride + x];
}

INLINED void absorb(
    const int size, int width, long count, const double *fields, const double *T, double *scratch,
    double *pivot_memory)
{
  const int triangle = size * (size + 1) / 2;
  const lanes zero = {0};
  lanes small[SMALL * SMALL + 2 * SMALL];
  lanes *products = (lanes *) scratch, *W = products + width * (width + 1) / 2;
  lanes *D = size <= SMALL ? small : W + size * width;
  lanes *inverse = D + size * size, *scaled = inverse + size;
  pivot_product pivots = *(pivot_product *) pivot_memory;
  const lanes *pack = (const lanes *) fields;
  for (long k = 0; k < count; k++) {
    factorize(size, pack, T, D, inverse, &pivots);
    const lanes *A = pack + triangle;
    for (int x = 0; x < width; x++)
      for (int i = 0; i < size; i++) {
        lanes sum = zero;
        for (int h = i; h < size; h++) sum += A[x * size + h] * T[i * size + h];
        for (int h = 0; h < i; h++) sum -= D[h * size + i] * W[x * size + h];
        W[x * size + i] = sum;
      }
    lanes *sum = products;
    for (int x = 0; x < width; x++) {
      for (int i = 0; i < size; i++) scaled[i] = inverse[i] * W[x * size + i];
      for (int y = x; y < width; y++) {
        lanes product = *sum;
        for (int i = 0; i < size; i++) product += scaled[i] * W[y * size + i];
        *sum++ = product;
      }
    }
    pack += triangle + size * width;
  }
  *(pivot_product *) pivot_memory = pivots;
}

DISPATCHED
void lmm_packs_absorb(
    int size, int width, long count, const double *fields, const double *T, double *scratch, double *pivots)
{
  switch (size) {
    case 1: absorb(1, width, count, fields, T, scratch, pivots); break;
    case 2: absorb(2, width, count, fields, T, scratch, pivots); break;
    case 3: absorb(3, width, count, fields, T, scratch, pivots); break;
    default: absorb(size, width, count, fields, T, scratch, pivots);
  }
}

/* N and F of the inverse form, N = D^-1 T' and F = D^-1, or of the direct one, N = I - A T D^-1 T' and F = N A.
   `inverse` has room for `size`, D and M for size^2. */
INLINED void respond(
    const int size, const int is_direct, const lanes *A, const double *T, lanes *N, lanes *F, lanes *D,
    lanes *inverse, lanes *M)
{
  const lanes zero = {0};
  pivot_product none = {zero + 1.0, {0}, zero, {0}};
  factorize(size, A, T, D, inverse, &none);
  for (int c = 0; c < size; c++) {
    for (int i = 0; i < size; i++) {
      lanes sum = zero + (i == c ? 1.0 : 0.0);
      for (int k = 0; k < i; k++) sum -= D[k * size + i] * F[c * size + k];
      F[c * size + i] = sum;
    }
    for (int i = 0; i < size; i++) F[c * size + i] *= inverse[i];
    for (int i = size - 1; i >= 0; i--)
      for (int k = i + 1; k < size; k++) F[c * size + i] -= D[i * size + k] * F[c * size + k];
  }
  lanes *target = is_direct ? M : N;
  for (int j = 0; j < size; j++)
    for (int i = 0; i < size; i++) {
      lanes sum = zero;
      for (int k = 0; k <= j; k++) sum += F[k * size + i] * T[k * size + j];
      target[j * size + i] = sum;
    }
  if (!is_direct) return;
  for (int j = 0; j < size; j++)
    for (int i = 0; i < size; i++) {
      lanes sum = zero;
      for (int k = j; k < size; k++) sum += A[symmetric(i, k, size)] * T[j * size + k];
      D[j * size + i] = sum;
    }
  for (int j = 0; j < size; j++)
    for (int i = 0; i < size; i++) {
      lanes sum = zero + (i == j ? 1.0 : 0.0);
      for (int k = 0; k < size; k++) sum -= D[k * size + i] * M[j * size + k];
      N[j * size + i] = sum;
    }
  for (int j = 0; j < size; j++)
    for (int i = 0; i < size; i++) {
      lanes sum = zero;
      for (int k = 0; k < size; k++) sum += N[k * size + i] * A[symmetric(k, j, size)];
      F[j * size + i] = sum;
    }
}

/* Matrices of one level, in registers or in scratch, and what is left of scratch. */
#define MATRICES \
  lanes small[5 * SMALL * SMALL + 3 * SMALL]; \
  lanes *own = size <= SMALL ? small : (lanes *) scratch; \
  lanes *N = own, *F = N + size * size, *D = F + size * size, *M = D + size * size, *inverse = M + size * size; \
  lanes *answer = inverse + size, *product = answer + size; \
  lanes *rest = (lanes *) scratch + (size <= SMALL ? 0 : 4 * size * size + 3 * size);

INLINED void slopes(
    const int size, const int is_direct, int width, long count, const double *fields, const double *T,
    const double *zeta, const double *half, int rows, int columns, double *scratch, double *total_memory)
{
  const int triangle = size * (size + 1) / 2;
  const double sign = is_direct ? -1.0 : 1.0;
  const lanes zero = {0};
  MATRICES
  lanes *R = rest, *totals = (lanes *) total_memory;
  const lanes *pack = (const lanes *) fields;
  for (long k = 0; k < count; k++) {
    respond(size, is_direct, pack, T, N, F, D, inverse, M);
    for (int i = 0; i < size; i++) answer[i] = zero;
    for (int x = 0; x < width; x++)
      for (int i = 0; i < size; i++) {
        lanes sum = zero;
        for (int h = 0; h < size; h++) sum += N[h * size + i] * pack[triangle + x * size + h];
        R[x * size + i] = sum;
        answer[i] += sum * zeta[x];
      }
    for (int j = 0; j < size; j++)
      for (int i = 0; i <= j; i++) {
        totals[j * size + i] += F[j * size + i];
        totals[size * size + j * size + i] += answer[i] * answer[j];
      }
    for (int h = 0; h < columns; h++) {
      for (int i = 0; i < size; i++) product[i] = zero;
      for (int x = 0; x < rows; x++)
        for (int i = 0; i < size; i++) product[i] += R[x * size + i] * half[h * rows + x];
      for (int j = 0; j < size; j++)
        for (int i = 0; i <= j; i++) totals[j * size + i] += product[i] * product[j] * sign;
    }
    pack += triangle + size * width;
  }
}

#define SLOPES(S, direct) \
  slopes(S, direct, width, count, fields, T, zeta, half, rows, columns, scratch, totals)

DISPATCHED
void lmm_packs_slopes(
    int size, int is_direct, int width, long count, const double *fields, const double *T, const double *zeta,
    const double *half, int rows, int columns, double *scratch, double *totals)
{
  switch (size) {
    case 1: if (is_direct) SLOPES(1, 1); else SLOPES(1, 0); break;
    case 2: if (is_direct) SLOPES(2, 1); else SLOPES(2, 0); break;
    case 3: if (is_direct) SLOPES(3, 1); else SLOPES(3, 0); break;
    default: SLOPES(size, is_direct);
  }
}

INLINED void part_slopes(
    const int size, int width, int parts, long count, const double *fields, const double *part_fields,
    long part_stride, const double *T, const double *zeta, const double *G, double *scratch,
    double *total_memory)
{
  const int triangle = size * (size + 1) / 2, p = width - 1, per_pack = triangle + size * width;
  const lanes zero = {0};
  MATRICES
  lanes *R = rest, *B = R + size * width, *BG = B + size * width, *totals = (lanes *) total_memory;
  lanes *P = M, *b = answer;
  (void) product;
  for (long k = 0; k < count; k++) {
    const lanes *pack = (const lanes *) fields + k * per_pack;
    respond(size, 0, pack, T, N, F, D, inverse, M);
    for (int i = 0; i < size; i++) b[i] = zero;
    for (int x = 0; x < width; x++) { /* R = N A_j[X y], B = T R, b = B zeta */
      for (int i = 0; i < size; i++) {
        lanes sum = zero;
        for (int h = 0; h < size; h++) sum += N[h * size + i] * pack[triangle + x * size + h];
        R[x * size + i] = sum;
      }
      for (int i = 0; i < size; i++) {
        lanes sum = zero;
        for (int h = 0; h <= i; h++) sum += R[x * size + h] * T[h * size + i];
        B[x * size + i] = sum;
        b[i] += sum * zeta[x];
      }
    }
    for (int j = 0; j < size; j++) /* P = T N */
      for (int i = 0; i < size; i++) {
        lanes sum = zero;
        for (int h = 0; h <= i; h++) sum += N[j * size + h] * T[h * size + i];
        P[j * size + i] = sum;
      }
    if (G)
      for (int x = 0; x < p; x++) { /* P + B G B' */
        for (int i = 0; i < size; i++) BG[x * size + i] = zero;
        for (int y = 0; y < p; y++)
          for (int i = 0; i < size; i++) BG[x * size + i] += B[y * size + i] * G[x * p + y];
        for (int j = 0; j < size; j++)
          for (int i = 0; i < size; i++) P[j * size + i] += BG[x * size + i] * B[x * size + j];
      }
    for (int part = 1; part < parts; part++) {
      const lanes *A = (const lanes *) part_fields + part * part_stride + k * per_pack;
      lanes determinant = zero, square = zero;
      for (int j = 0; j < size; j++)
        for (int i = j; i < size; i++) {
          const lanes entry = A[packed(i, j, size)] * (i == j ? 1.0 : 2.0);
          determinant += entry * P[j * size + i];
          square += entry * b[i] * b[j];
        }
      for (int x = 0; x < width; x++) {
        lanes sum = zero;
        for (int i = 0; i < size; i++) sum += b[i] * A[triangle + x * size + i];
        square -= sum * (2 * zeta[x]);
        if (!G || x >= p) continue;
        lanes shared = zero;
        for (int i = 0; i < size; i++) shared += BG[x * size + i] * A[triangle + x * size + i];
        determinant -= shared * 2.0;
      }
      totals[part] += determinant;
      totals[parts + part] += square;
    }
  }
}

#define PARTS(S) \
  part_slopes(S, width, parts, count, fields, part_fields, part_stride, T, zeta, G, scratch, totals)

DISPATCHED
void lmm_packs_part_slopes(
    int size, int width, int parts, long count, const double *fields, const double *part_fields,
    long part_stride, const double *T, const double *zeta, const double *G, double *scratch, double *totals)
{
  switch (size) {
    case 1: PARTS(1); break;
    case 2: PARTS(2); break;
    case 3: PARTS(3); break;
    default: PARTS(size);
  }
}
