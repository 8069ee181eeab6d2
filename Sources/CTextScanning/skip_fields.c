// SPDX-License-Identifier: GPL-2.0-or-later
#include "CTextScanning.h"

#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>

/* A bit for each of 64 bytes, 1 where it is `byte`. */
static inline uint64_t places_of(const unsigned char *text, unsigned char byte)
{
  const __m128i wanted = _mm_set1_epi8((char)byte);
  uint64_t places = 0;
  for (int k = 0; k < 4; k++) {
    const __m128i own = _mm_loadu_si128((const __m128i *)(text + 16 * k));
    places |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(own, wanted)) << (16 * k);
  }
  return places;
}
#else
static inline uint64_t places_of(const unsigned char *text, unsigned char byte)
{
  uint64_t places = 0;
  for (int k = 0; k < 64; k++) places |= (uint64_t)(text[k] == byte) << k;
  return places;
}
#endif

long lmm_skip_fields(const unsigned char *text, long start, long limit, int count, unsigned char separator)
{
  for (long first = start; first < limit; first += 64) {
    const unsigned char *block = text + first;
    uint64_t separators = places_of(block, separator);
    const uint64_t ends = places_of(block, '"') | places_of(block, '\n');
    const int own = __builtin_popcountll(separators);
    if (own < count) {
      if (ends) return -1;
      count -= own;
      continue;
    }
    for (; count > 1; count--) separators &= separators - 1;
    const int place = __builtin_ctzll(separators);
    if (ends & ((1ULL << place) - 1)) return -1;
    return first + place;
  }
  return -1;
}
