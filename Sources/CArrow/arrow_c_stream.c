// SPDX-License-Identifier: GPL-2.0-or-later
#include "arrow_c_stream.h"
