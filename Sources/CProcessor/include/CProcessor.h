// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef C_PROCESSOR_H
#define C_PROCESSOR_H

/* What an x86-64 processor says of itself (instruction cpuid), and which registers the system saves
   (xgetbv): an instruction set may be used only where both are so. */
typedef struct {
  char vendor[13]; /* "GenuineIntel", "AuthenticAMD"; empty on other machines */
  int family, model, stepping;
  unsigned features_1_ecx;  /* cpuid 1: FMA, OSXSAVE, AVX */
  unsigned features_7_ebx;  /* cpuid 7: AVX2, AVX-512 */
  unsigned saved_registers; /* XCR0: 2 xmm, 4 ymm, 0xe0 zmm and masks; 0 without OSXSAVE */
} processor_identity;

/* All zero on machines that are not x86-64. */
processor_identity identify_processor(void);

#endif
