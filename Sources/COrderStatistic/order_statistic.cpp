// SPDX-License-Identifier: GPL-2.0-or-later
#include "COrderStatistic.h"

#include <algorithm>

extern "C" void order_statistic(double *values, long count, long k) {
  std::nth_element(values, values + k, values + count);
}
