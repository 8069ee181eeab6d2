# SPDX-License-Identifier: GPL-2.0-or-later
# Usage: Rscript fit_lme4.R DATA FORMULA | --version.  Prints one line of JSON.
# Without the derivatives at the optimum, which only serve a convergence check: lme4 at its fastest.
arguments <- commandArgs(TRUE)
suppressPackageStartupMessages({
  library(lme4)
  library(data.table)
})
if (arguments[1] == "--version") {
  cat(sprintf(
    '{"version": "lme4 %s, data.table %s, R %s"}\n', packageVersion("lme4"),
    packageVersion("data.table"), getRversion()))
} else {
  data <- fread(arguments[1], stringsAsFactors = TRUE)
  fit <- lmer(
    as.formula(arguments[2]), data, control = lmerControl(calc.derivs = FALSE))
  cat(sprintf('{"method": "REML", "criterion": %.12g}\n', REMLcrit(fit)))
}
