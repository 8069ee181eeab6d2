// SPDX-License-Identifier: GPL-2.0-or-later
/* Functions in versions for several processors, of which one is chosen when the program is loaded. */

/* Sanitizers are not there yet when the choice is made. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define LMM_ONE_VERSION
#endif
#endif

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(LMM_ONE_VERSION)
#define DISPATCHED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define DISPATCHED
#endif
