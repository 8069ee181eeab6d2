// SPDX-License-Identifier: GPL-2.0-or-later
#include <lz4.h>
#include <lz4frame.h>
