// SPDX-License-Identifier: GPL-2.0-or-later
//
// For the library itself; callers need lmm.h only.
#ifndef LMM_CALLBACK_H
#define LMM_CALLBACK_H

#include "lmm.h"

struct lmm_callback {
  lmm_progress report;
  void *context;
};

// What lmm_on_progress has set for this thread.
__attribute__((visibility("hidden"))) struct lmm_callback lmm_callback_of_thread(void);

#endif  // LMM_CALLBACK_H
