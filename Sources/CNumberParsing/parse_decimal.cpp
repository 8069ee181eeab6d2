// SPDX-License-Identifier: GPL-2.0-or-later
#include "CNumberParsing.h"

#include <charconv>
#include <cstdlib>
#include <string>

extern "C" long parse_decimal(const char *first, const char *last, double *value) {
  auto result = std::from_chars(first, last, *value, std::chars_format::general);
  if (result.ec == std::errc::invalid_argument) return 0;
  if (result.ec == std::errc::result_out_of_range) {
    *value = std::strtod(std::string(first, result.ptr).c_str(), nullptr);  // +-HUGE_VAL or +-0
    return -1;
  }
  return result.ptr - first;
}
