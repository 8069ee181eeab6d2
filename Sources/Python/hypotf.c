// SPDX-License-Identifier: GPL-2.0-or-later
//
// Swift's library of C's functions refers to hypotf, which nothing here calls, and glibc 2.35 gave it a new version:
// with one of its own the shared library runs with glibc 2.34, too.
#include <math.h>

float hypotf(float x, float y) {
  if (isinf(x) || isinf(y)) return INFINITY;
  return (float)sqrt((double)x * x + (double)y * y);
}
