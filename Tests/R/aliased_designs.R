# SPDX-License-Identifier: GPL-2.0-or-later
# Random designs with columns that depend on others, with dense and sparse columns and absorbed factors here and dense
# columns in lm and lmer: the same rank, the same dropped columns, the same fitted values and coefficients.
#   Rscript Tests/R/aliased_designs.R PROGRAM [COUNT [FIRST SEED]]
suppressMessages({
  library(lme4)
  library(jsonlite)
})
arguments <- commandArgs(TRUE)
program <- arguments[1]
count <- if (length(arguments) > 1) as.integer(arguments[2]) else 200L
first <- if (length(arguments) > 2) as.integer(arguments[3]) else 1L
forms <- list(
  list("y ~ x + z + f", "f"), list("y ~ z + f + x", "f"), list("y ~ f + h", c("f", "h")),
  list("y ~ x + h + f + I(2 * x)", c("f", "h")), list("y ~ k + f + x", "f"), list("y ~ f + z + I(z^2) + x", "f"),
  list("y ~ x + f + I(x + z)", "f"), list("y ~ h + x + f", c("h", "f")), list("y ~ z + I(z^2) + I(z^3) + f", "f"),
  # Interactions have dense columns.
  list("y ~ f * x", NULL), list("y ~ h * f", NULL), list("y ~ k / f + x", NULL), list("y ~ 0 + k + f + z:h", NULL))
folder <- tempfile("designs")
dir.create(folder)
file <- file.path(folder, "t.csv")
worst <- c(fitted = 0, coefficient = 0, error = 0)
dropped <- 0
gap <- function(a, b) max(abs(a - b) / (1 + abs(b)), na.rm = TRUE)
fitted_rows <- function(text, options) {
  rows <- system2(program, shQuote(c("augment", text, "--data", file, options)), stdout = TRUE)
  read.csv(text = rows)$.fitted
}
answer <- function(text, options) fromJSON(paste(
  system2(program, shQuote(c("fit", text, file, "--json", options)), stdout = TRUE), collapse = "\n"))
settings <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9), check.rankX = "silent.drop.cols")
design <- function(seed) {
  set.seed(seed)
  levels <- sample(4:12, 1)
  n <- sample(c(40, 80, 150), 1)
  f <- sample(levels, n, TRUE)
  # h hangs together with f in two sets of levels in every third design.
  h <- if (seed %% 3 == 0) ifelse(f <= levels / 2, sample(3, n, TRUE), 3 + sample(3, n, TRUE)) else sample(5, n, TRUE)
  t <- data.frame(
    x = round(rnorm(n), 3), f = sprintf("f%02d", f), h = sprintf("h%d", h), z = (f * 7) %% 4,
    k = sprintf("k%d", f %% 3), g = sprintf("g%d", sample(7, n, TRUE)))
  t$y <- round(t$x + 0.3 * f - 0.2 * h + rnorm(7)[as.integer(substr(t$g, 2, 2))] + rnorm(n), 4)
  write.csv(t, file, row.names = FALSE, quote = FALSE)
  t
}
for (seed in first + seq_len(count) - 1L) {
  t <- design(seed)
  form <- forms[[1 + seed %% length(forms)]]
  isMixed <- seed %% 2 == 0
  text <- if (isMixed) paste(form[[1]], "+ (1 | g)") else form[[1]]
  if (isMixed) {
    model <- suppressMessages(suppressWarnings(lmer(as.formula(text), t, control = settings)))
    names <- colnames(model.matrix(lm(as.formula(form[[1]]), t)))
    coefficients <- setNames(rep(NA_real_, length(names)), names)
    coefficients[names(fixef(model))] <- fixef(model)
    errors <- coefficients
    errors[names(fixef(model))] <- sqrt(diag(as.matrix(vcov(model))))
  } else {
    model <- lm(as.formula(text), t)
    coefficients <- coef(model)
    errors <- coefficients
    own <- summary(model)$coefficients[, 2]
    errors[names(own)] <- own
  }
  dropped <- dropped + sum(is.na(coefficients))
  for (sparse in c("none", if (length(form[[2]])) paste(form[[2]], collapse = ","))) {
    options <- c("--sparse-fixed", sparse, "--quiet")
    ours <- answer(text, options)
    same <- identical(ours$fixed$term, names(coefficients)) &&
      identical(is.na(ours$fixed$estimate), unname(is.na(coefficients)))
    if (!same) {
      print(data.frame(ours = ours$fixed$term[is.na(ours$fixed$estimate)]))
      print(names(coefficients)[is.na(coefficients)])
      stop("other columns are dropped in design ", seed, ": ", text, ", sparse: ", sparse)
    }
    now <- c(gap(fitted_rows(text, options), fitted(model)), gap(ours$fixed$estimate, coefficients),
             gap(ours$fixed$std_error, errors))
    tolerance <- if (isMixed) 1e-4 else 1e-9
    if (any(now > tolerance)) stop("design ", seed, ": ", text, ", sparse: ", sparse, ": ", paste(format(now), collapse = ", "))
    if (!isMixed) worst <- pmax(worst, now)
  }
}
cat(count, "designs,", dropped, "columns dropped; least squares' largest differences:", format(worst, digits = 2), "\n")

# Absorbed factors stand before the other columns, which are dropped where these explain them.
forms <- list(
  list("x + z", c("f", "h")), list("x + z + I(x + z)", "f"), list("z + x + k", c("f", "h")), list("x + I(2 * x)", c("h", "f")),
  list("x + z", c("f", "h", "k")), list("x + z", c("k", "f", "g")), list("x + h", c("f:g")), list("x + z", c("h", "g", "f")))
worst <- 0 * worst
dropped <- 0
for (seed in first + seq_len(count) - 1L) {
  t <- design(1000 + seed)
  form <- forms[[1 + seed %% length(forms)]]
  isMixed <- seed %% 3 == 0 && !any(grepl("g", form[[2]]))
  random <- if (isMixed) "+ (1 | g)" else ""
  text <- paste("y ~", form[[1]], random, "|", paste(form[[2]], collapse = " + "))
  # lm puts no interaction before main effects: its cells are one factor there.
  t$fg <- interaction(t$f, t$g, drop = TRUE)
  written <- paste("y ~", paste(sub("f:g", "fg", form[[2]]), collapse = " + "), "+", form[[1]], random)
  model <- if (isMixed) suppressMessages(suppressWarnings(lmer(as.formula(written), t, control = settings))) else
    lm(as.formula(written), t)
  solver <- if (seed %% 2 == 0 && !isMixed) "matrix-free" else "auto"
  options <- c("--quiet", "--solver", solver)
  ours <- answer(text, options)
  all <- if (isMixed) fixef(model) else coef(model)
  own <- all[ours$fixed$term]
  if (!identical(unname(is.na(own)), is.na(ours$fixed$estimate))) {
    stop("other columns are dropped in design ", seed, ": ", text)
  }
  rank <- if (isMixed) length(fixef(model)) else model$rank
  if (ours$df_residual != nrow(t) - rank - 2 * isMixed) stop("another rank in design ", seed, ": ", text)
  errors <- if (isMixed) sqrt(diag(as.matrix(vcov(model)))) else summary(model)$coefficients[, 2]
  dropped <- dropped + sum(is.na(own))
  now <- c(gap(fitted_rows(text, options), fitted(model)), gap(ours$fixed$estimate, own),
           gap(ours$fixed$std_error, errors[ours$fixed$term]))
  tolerance <- if (isMixed) 1e-4 else 1e-9
  if (any(now > tolerance)) stop("design ", seed, ": ", text, ": ", paste(format(now), collapse = ", "))
  if (!isMixed) worst <- pmax(worst, now)
}
cat(count, "designs with absorbed factors,", dropped, "columns dropped; largest differences:", format(worst, digits = 2), "\n")
