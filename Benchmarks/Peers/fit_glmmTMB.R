# SPDX-License-Identifier: GPL-2.0-or-later
# Usage: Rscript fit_glmmTMB.R DATA FORMULA | --version.  Prints one line of JSON.
arguments <- commandArgs(TRUE)
suppressPackageStartupMessages({
  library(glmmTMB)
  library(data.table)
})
if (arguments[1] == "--version") {
  cat(sprintf(
    '{"version": "glmmTMB %s, data.table %s, R %s"}\n', packageVersion("glmmTMB"),
    packageVersion("data.table"), getRversion()))
} else {
  data <- fread(arguments[1], stringsAsFactors = TRUE)
  model <- as.formula(arguments[2])
  # It takes grouping factors only if they are factors.
  for (term in lme4::findbars(model)) {
    for (name in all.vars(term[[3]])) data[[name]] <- factor(data[[name]])
  }
  fit <- glmmTMB(model, data, REML = TRUE)
  cat(sprintf('{"method": "REML", "criterion": %.12g}\n', -2 * as.numeric(logLik(fit))))
}
