// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef C_TEXT_SCANNING_H
#define C_TEXT_SCANNING_H

#ifdef __cplusplus
extern "C" {
#endif

/* The place of the count-th separator in `text` from `start` on, or -1 if a quote or a line feed stands before it or there
   is none in the first `limit` bytes. Loads up to 64 bytes beyond what it looks at. */
long lmm_skip_fields(const unsigned char *text, long start, long limit, int count, unsigned char separator);

#ifdef __cplusplus
}
#endif
#endif
