// SPDX-License-Identifier: GPL-2.0-or-later
#include "lmm.h"
#include "lmm_callback.h"

static _Thread_local struct lmm_callback callback;

void lmm_on_progress(lmm_progress report, void *context) {
  callback = (struct lmm_callback){report, context};
}

struct lmm_callback lmm_callback_of_thread(void) { return callback; }
