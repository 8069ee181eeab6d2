/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef C_ORDER_STATISTIC_H
#define C_ORDER_STATISTIC_H

#ifdef __cplusplus
extern "C" {
#endif

/* Reorders values[0 .. count - 1], none of them NaN, so that values[k] is what it would be if they were sorted,
   nothing before it is greater and nothing behind it less: O(count). 0 <= k < count. */
void order_statistic(double *values, long count, long k);

#ifdef __cplusplus
}
#endif

#endif
