# SPDX-License-Identifier: GPL-2.0-or-later
# Usage: Rscript fit_mmrm.R DATA FIXED COVARIANCE | --version | --bcva FILE.  Prints one line of JSON.
# COVARIANCE is mmrm's, such as us(visit | id); its factors are made of the columns it names. The time of the
# fit with its table of coefficients (Satterthwaite) stands beside that of the process.
arguments <- commandArgs(TRUE)
suppressPackageStartupMessages(library(mmrm))
if (arguments[1] == "--version") {
  cat(sprintf('{"version": "mmrm %s, R %s"}\n', packageVersion("mmrm"), getRversion()))
} else if (arguments[1] == "--bcva") {
  write.csv(bcva_data, arguments[2], row.names = FALSE)
  cat("{}\n")
} else {
  data <- read.csv(arguments[1], stringsAsFactors = TRUE)
  for (name in all.vars(as.formula(paste("~", sub("[a-z]+", "", arguments[3])))))
    data[[name]] <- factor(data[[name]])
  formula <- as.formula(paste(arguments[2], "+", arguments[3]))
  began <- proc.time()[["elapsed"]]
  fit <- mmrm(formula, data, method = "Satterthwaite")
  table <- summary(fit)$coefficients
  took <- proc.time()[["elapsed"]] - began
  cat(sprintf(
    '{"criterion": %.12g, "seconds": %.3f, "last": [%.10g, %.10g, %.10g]}\n', 2 * component(fit, "neg_log_lik"),
    took, table[nrow(table), 1], table[nrow(table), 2], table[nrow(table), 3]))
}
