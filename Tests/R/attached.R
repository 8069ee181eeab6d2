# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever is attached in whatever order, generics find the methods of all: Rscript attached.R PACKAGE…, and without
# packages for those who have none.
packages <- commandArgs(TRUE)
if (length(packages) == 1) .libPaths(strsplit(Sys.getenv("R_LIBS"), ":")[[1]], include.site = FALSE)
suppressMessages(suppressWarnings(for (package in packages) library(package, character.only = TRUE)))
s <- data.frame(y = c(1, 4, 3, 7, 6, 9, 2, 8, 5, 9, 7, 12), x = rep(1:4, 3), g = rep(c("a", "b", "c"), each = 4))
ours <- slmer(y ~ x + (1 | g), s)
for (generic in list(fixef, ranef, VarCorr)) stopifnot(length(generic(ours)) >= 1)
stopifnot(contrast(ours, "x = 2")$json$contrasts[[1]]$value == 2, length(lmmsparse::ranova(ours)$summary) == 1)
said <- tryCatch(fixef(lm(y ~ x, s)), error = conditionMessage)
stopifnot(grepl("fixef", said))
if ("lme4" %in% packages) {
  theirs <- suppressMessages(lme4::lmer(y ~ x + (1 | g), s))
  for (generic in list(fixef, ranef, VarCorr)) stopifnot(length(generic(theirs)) >= 1)
  stopifnot(inherits(contrast(emmeans::emmeans(theirs, ~x), list(1)), "emmGrid"), inherits(ranova(lmerTest::lmer(y ~ x + (1 | g), s)), "anova"))
} else {
  stopifnot(grepl("emmeans", tryCatch(contrast(1), error = conditionMessage)) || requireNamespace("emmeans", quietly = TRUE))
}
cat("R:", paste(packages, collapse = ", "), "are attached\n")
