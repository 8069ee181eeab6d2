// SPDX-License-Identifier: GPL-2.0-or-later
#include "CProcessor.h"

#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>

static unsigned saved_registers(void) {
  unsigned low, high;
  /* xgetbv in bytes: as an instruction it wants a compiler's option. */
  __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

/* Intel's manual, CPUID leaf 1: the extended parts count for these families only. */
static void set_model(processor_identity *p, unsigned signature) {
  unsigned family = signature >> 8 & 0xf, model = signature >> 4 & 0xf;
  p->stepping = signature & 0xf;
  p->family = family == 0xf ? family + (signature >> 20 & 0xff) : family;
  p->model = family == 6 || family == 0xf ? model + (signature >> 12 & 0xf0) : model;
}

processor_identity identify_processor(void) {
  processor_identity p = {0};
  unsigned highest, a, b, c, d;
  __cpuid(0, highest, b, c, d);
  memcpy(p.vendor, &b, 4);
  memcpy(p.vendor + 4, &d, 4);
  memcpy(p.vendor + 8, &c, 4);
  __cpuid(1, a, b, c, d);
  set_model(&p, a);
  p.features_1_ecx = c;
  if (c & 1u << 27) p.saved_registers = saved_registers();
  if (highest >= 7) {
    __cpuid_count(7, 0, a, b, c, d);
    p.features_7_ebx = b;
  }
  return p;
}
#else
processor_identity identify_processor(void) {
  processor_identity p = {{0}};
  return p;
}
#endif
