# SPDX-License-Identifier: GPL-2.0-or-later
# Codings of factors, however R is told them, against lmer's coefficients; and columns of bit64.
library(lmmsparse)
set.seed(1)
s <- lme4::sleepstudy
s$f <- factor(sample(c("b", "a", "c"), 180, TRUE), levels = c("b", "a", "c"))
s$o <- factor(sample(c("lo", "mid", "hi"), 180, TRUE), levels = c("lo", "mid", "hi"), ordered = TRUE)
s$text <- as.character(s$f)
s$late <- s$Days > 4
control <- lme4::lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9))
agree <- function(formula, frame, ...) {
  ours <- lmmsparse::fixef(slmer(formula, frame, ...))
  theirs <- lme4::fixef(lme4::lmer(formula, frame, control = control, ...))
  if (!identical(names(ours), names(theirs)) || !isTRUE(all.equal(ours, theirs, tolerance = 1e-6))) {
    print(ours)
    print(theirs)
    stop(deparse(formula), ": other coefficients")
  }
}
own <- cbind(v = c(-1, 0.5, 0.5), u = c(0, -1, 1))
settings <- list("contr.sum", contr.sum, contr.sum(3), "contr.helmert", contr.helmert(3), "contr.SAS", own, contr.treatment(3, 2))
for (setting in settings) {
  t <- s
  contrasts(t$f) <- setting
  agree(Reaction ~ f * Days + (1 | Subject), t)
  agree(Reaction ~ 0 + f + Days + (1 | Subject), t)
  agree(Reaction ~ f * Days + (1 | Subject), s, contrasts = list(f = setting))
  if (is.function(setting)) next
  attr(t$f, "contrasts") <- setting
  agree(Reaction ~ f + (1 | Subject), t)
}
t <- s
contrasts(t$o) <- "contr.treatment"
agree(Reaction ~ o + (1 | Subject), t)
agree(Reaction ~ o + (1 | Subject), s)
contrasts(t$f, 1) <- contr.sum(3)  # one column alone
agree(Reaction ~ f + (1 | Subject), t)
agree(Reaction ~ text + late + (1 | Subject), s, contrasts = list(text = contr.sum, late = "contr.sum"))
before <- options(contrasts = c("contr.sum", "contr.poly"))
agree(Reaction ~ f + text + late + o + (1 | Subject), s)
agree(Reaction ~ factor(Days) + f + (1 | Subject), s)
stopifnot(grepl("factor(Days)", tryCatch(slmer(Reaction ~ factor(Days) + o + (1 | Subject), s), error = conditionMessage), fixed = TRUE))
options(contrasts = c("contr.helmert", "contr.treatment"))
agree(Reaction ~ f + o + (1 | Subject), s)
options(before)
# R forgets the contrasts of a factor that loses levels with the rows that are left out.
t <- s
contrasts(t$f) <- "contr.sum"
t$Days[t$f == "a"] <- NA
warned <- NULL
ours <- withCallingHandlers(slmer(Reaction ~ f + Days + (1 | Subject), t), warning = function(w) {
  warned <<- conditionMessage(w)
  invokeRestart("muffleWarning")
})
theirs <- suppressWarnings(lme4::lmer(Reaction ~ f + Days + (1 | Subject), t, control = control))
stopifnot(identical(warned, "contrasts dropped from factor f due to missing levels"),
  isTRUE(all.equal(lmmsparse::fixef(ours), lme4::fixef(theirs), tolerance = 1e-6)))

# bit64's integers, by their bits: 10000000000, 20000000000, …, and the identities 9007199254740993 and …992.
wide <- function(high, low) {
  bytes <- writeBin(as.integer(rbind(ifelse(low >= 2^31, low - 2^32, low), high)), raw(), endian = "little")
  structure(readBin(bytes, "double", length(high), endian = "little"), class = "integer64")
}
z <- rep(1:5, 36) * 1e10
s$z <- wide(z %/% 2^32, z %% 2^32)
s$number <- z
s$id <- wide(rep(2097152, 180), as.integer(s$Subject) %% 7)
s$key <- as.integer(s$Subject) %% 7
stopifnot(all.equal(lmmsparse::fixef(slmer(Reaction ~ z + (1 | Subject), s)), lmmsparse::fixef(slmer(Reaction ~ z + (1 | Subject),
  transform(s, z = number))), tolerance = 1e-9))
ids <- slmer(Reaction ~ Days + (1 | id), s)
keys <- slmer(Reaction ~ Days + (1 | key), s)
stopifnot(all.equal(as.numeric(logLik(ids)), as.numeric(logLik(keys)), tolerance = 1e-12),
  setequal(rownames(lmmsparse::ranef(ids)$id), paste0("900719925474099", 2:8)))
s$z <- wide(c(NA, rep(0, 179)), c(0, z[-1] %/% 1e10))  # bit64's NA
stopifnot(nobs(slmer(Reaction ~ z + (1 | Subject), s)) == 179)
cat("R: factors are coded as lmer codes them\n")
