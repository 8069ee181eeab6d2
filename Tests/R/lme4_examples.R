# SPDX-License-Identifier: GPL-2.0-or-later
# lme4's own examples, fitted by both.
suppressMessages({
  library(lme4)
  library(lmmsparse)
})
data <- commandArgs(TRUE)[1]
same <- function(a, b, tolerance) {
  stopifnot(length(a) == length(b), isTRUE(all.equal(unname(a), unname(b), tolerance = tolerance)))
}
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9))

compare <- function(formula, frame, REML = TRUE) {
  theirs <- suppressWarnings(lmer(formula, frame, REML = REML, control = control))
  ours <- slmer(formula, frame, REML = REML)
  stopifnot(as.numeric(-2 * logLik(ours)) <= as.numeric(-2 * logLik(theirs)) + 1e-6)
  same(lmmsparse::fixef(ours), lme4::fixef(theirs), 1e-5)
  same(as.numeric(vcov(ours)), as.numeric(as.matrix(vcov(theirs))), 1e-3)
  same(sigma(ours), sigma(theirs), 1e-5)
  same(AIC(ours), AIC(theirs), 1e-8)
  same(BIC(ours), BIC(theirs), 1e-8)
  same(fitted(ours), fitted(theirs), 1e-5)
  same(residuals(ours), residuals(theirs), 1e-3)
  stopifnot(nobs(ours) == nobs(theirs), df.residual(ours) == df.residual(theirs))
  sds <- function(model, VarCorr) unlist(lapply(VarCorr(model), function(x) attr(x, "stddev")))
  same(sds(ours, lmmsparse::VarCorr), sds(theirs, lme4::VarCorr), 1e-3)
  modes <- lmmsparse::ranef(ours)
  for (group in names(lme4::ranef(theirs))) {
    a <- modes[[group]]
    b <- lme4::ranef(theirs)[[group]]
    same(as.matrix(a[rownames(b), , drop = FALSE]), as.matrix(b), 1e-3)
  }
  invisible(ours)
}

fm1 <- compare(Reaction ~ Days + (Days | Subject), sleepstudy)
compare(Reaction ~ Days + (Days || Subject), sleepstudy)
compare(Reaction ~ Days + (1 | Subject), sleepstudy, REML = FALSE)
compare(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin)
compare(strength ~ 1 + (1 | batch / cask), Pastes)
compare(Yield ~ 1 + (1 | Batch), Dyestuff)
compare(angle ~ recipe * temperature + (1 | recipe:replicate), cake)  # temperature is ordered: polynomials

# The same bits from the frame and from the file.
file <- slmer("Reaction ~ Days + (Days | Subject)", file.path(data, "sleepstudy.csv"))
stopifnot(identical(lmmsparse::fixef(file), lmmsparse::fixef(fm1)), identical(vcov(file), vcov(fm1)))

new <- data.frame(Days = c(0, 10), Subject = c("308", "new"))
theirs <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy, control = control)
same(predict(fm1, new, allow.new.levels = TRUE), predict(theirs, new, allow.new.levels = TRUE), 1e-4)
same(predict(fm1, new, re.form = NA), predict(theirs, new, re.form = NA), 1e-6)
message <- tryCatch(predict(fm1, new), error = conditionMessage)
stopifnot(grepl("row 2", message), grepl("allow.new.levels = TRUE", message))
message <- tryCatch(slmer(Reaction ~ Dyas + (1 | Subject), sleepstudy), lmmsparse_formula = conditionMessage)
stopifnot(grepl("Did you mean \"Days\"?", message))
stopifnot(nrow(simulate(fm1, 2, seed = 1)) == 180, identical(simulate(fm1, 1, seed = 3), simulate(fm1, 1, seed = 3)))

small <- slmer(Reaction ~ Days + (1 | Subject), sleepstudy)
same(anova(small, fm1)$json$models[[2]]$statistic, 42.8368134364, 1e-8)  # anova(…, refit = FALSE) of lme4
stopifnot(nrow(as.data.frame(confint(fm1, method = "wald"))) == 6)
path <- tempfile(fileext = ".lmm")
save_lmm(fm1, path)
stopifnot(identical(lmmsparse::fixef(load_lmm(path)), lmmsparse::fixef(fm1)))

sleepstudy$missing <- replace(sleepstudy$Days, 5:9, NA)
stopifnot(nobs(slmer(Reaction ~ missing + (1 | Subject), sleepstudy)) == 175)
late <- factor(ifelse(sleepstudy$Days > 4, "late", "early"), levels = c("late", "early"))
stopifnot("lateearly" %in% names(lmmsparse::fixef(slmer(Reaction ~ late + (1 | Subject), cbind(sleepstudy, late)))))

# Residuals, as nlme has them.
serial <- slmer("Reaction ~ Days", sleepstudy, residual = "ar1(Days | Subject)")
theirs <- nlme::gls(Reaction ~ Days, sleepstudy, correlation = nlme::corAR1(form = ~ Days | Subject))
same(as.numeric(logLik(serial)), as.numeric(logLik(theirs)), 1e-9)
sleepstudy$dose <- factor(ifelse(sleepstudy$Days %% 2 == 0, "low", "high"))
strata <- slmer(Reaction ~ Days + (1 | Subject), sleepstudy, residual_by = ~ dose)
theirs <- nlme::lme(Reaction ~ Days, sleepstudy, ~ 1 | Subject, weights = nlme::varIdent(form = ~ 1 | dose))
same(as.numeric(logLik(strata)), as.numeric(logLik(theirs)), 1e-9)

# What is known: single parameters, and matrices of levels, dense, sparse and inverted.
held <- slmer(Reaction ~ Days + (Days | Subject), sleepstudy, hold = c("sd_(Intercept)|Subject" = 20), sigma = 25)
same(attr(lmmsparse::VarCorr(held)$Subject, "stddev")[[1]], 20, 1e-9)
subjects <- levels(sleepstudy$Subject)
A <- 0.5^abs(outer(1:18, 1:18, "-"))
dimnames(A) <- list(subjects, subjects)
near <- slmer(Reaction ~ Days + (1 | Subject), sleepstudy, relationship = list(Subject = A))
Q <- zapsmall(solve(A))
for (known in list(Q, Matrix::Matrix(Q, sparse = TRUE))) {
  inverse <- slmer(Reaction ~ Days + (1 | Subject), sleepstudy, precision = list(Subject = known))
  same(as.numeric(logLik(inverse)), as.numeric(logLik(near)), 1e-8)
}
pedigree <- read.csv(file.path(data, "flock_pedigree.csv"))
names(pedigree)[1] <- "individual"
flock <- file.path(data, "flock.csv")
lists <- slmer("weight ~ sex + (1 | animal)", flock, relationship = list(animal = pedigree), ddf = "none")
files <- slmer("weight ~ sex + (1 | animal)", flock, ddf = "none",
  relationship = list(animal = file.path(data, "flock_pedigree.csv")))
stopifnot(identical(lmmsparse::fixef(lists), lmmsparse::fixef(files)))
grouped <- transform(pedigree, sire = ifelse(is.na(sire), "rams", sire), dam = ifelse(is.na(dam), "ewes", dam))
groups <- slmer("weight ~ sex + (1 | animal)", flock, pedigree = list(animal = grouped),
  parent_groups = list(animal = c("rams", "ewes")), group_variance = 1e-6, ddf = "none")
same(as.numeric(logLik(groups)), as.numeric(logLik(lists)), 1e-3)

# Neighbours in every form: a ring of 18.
ring <- data.frame(from = subjects, to = subjects[c(2:18, 1)])
adjacent <- matrix(0, 18, 18, dimnames = list(subjects, subjects))
adjacent[as.matrix(ring)] <- 1
pairs <- tempfile(fileext = ".csv")
write.csv(ring, pairs, row.names = FALSE, quote = FALSE)
rings <- lapply(list(ring, adjacent + t(adjacent), pairs), function(known) {
  slmer(Reaction ~ Days + (1 | Subject), sleepstudy, neighbours = list(Subject = known), ddf = "none")
})
for (other in rings[-1]) same(as.numeric(logLik(other)), as.numeric(logLik(rings[[1]])), 1e-10)

# Options by their names.
more <- slmer(Reaction ~ 1 + (1 | Subject), sleepstudy, add = "Days + (0 + Days | Subject)", optimizer = "bobyqa")
same(as.numeric(logLik(more)), as.numeric(logLik(slmer(Reaction ~ Days + (Days || Subject), sleepstudy))), 1e-8)
doses <- slmer(log(Reaction) ~ dose + Days + (1 | Subject), sleepstudy)
ratio <- marginal_means(doses, ~ dose, compare = "control", control = "low", type = "response")
same(ratio$json$differences[[1]]$estimate, exp(-lmmsparse::fixef(doses)[["doselow"]]), 1e-9)
own <- marginal_means(doses, ~ dose, custom = list("low - high" = c(-1, 1)))
same(own$json$differences[[1]]$estimate, lmmsparse::fixef(doses)[["doselow"]], 1e-9)

# Least squares with a factor for every subject, its effects reported when asked for.
within <- slmer(Reaction ~ Days, sleepstudy, absorb = "Subject")
same(lmmsparse::fixef(within)[["Days"]], coef(lm(Reaction ~ Days + Subject, sleepstudy))[["Days"]], 1e-9)
stopifnot(nrow(as.data.frame(fixed_effects(within, absorbed = TRUE))) == 19)

# Many responses: those of a frame and of its file, by name, by an expression and by cbind.
sleepstudy$half <- sleepstudy$Reaction / 2
sleepstudy$flat <- 1
table <- tempfile(fileext = ".csv")
write.csv(sleepstudy, table, row.names = FALSE)
many <- slmer_many(~ Days + (Days | Subject), sleepstudy, c("Reaction", "flat", "half"))
theirs <- lmer(Reaction ~ Days + (Days | Subject), lme4::sleepstudy, control = control)
glance <- as.data.frame(many, table = "glance")
stopifnot(identical(glance$response, c("Reaction", "flat", "half")), grepl("constant", glance$message[2]))
same(glance$REMLcrit[1], lme4::REMLcrit(theirs), 1e-8)
estimates <- as.data.frame(many)
same(estimates$estimate[estimates$effect %in% "fixed" & estimates$response == "half"], lme4::fixef(theirs) / 2, 1e-5)
for (other in list(
  slmer_many(~ Days + (Days | Subject), sleepstudy, "/^(Reaction|flat|half)$/"),
  slmer_many("~ Days + (Days | Subject)", table, "/^(Reaction|flat|half)$/"),
  slmer_many(cbind(Reaction, flat, half) ~ Days + (Days | Subject), sleepstudy)
)) stopifnot(setequal(as.data.frame(other)$estimate, estimates$estimate))
message <- tryCatch(slmer_many(~ Dyas + (1 | Subject), sleepstudy, "half"), lmmsparse_formula = conditionMessage)
stopifnot(grepl("Did you mean \"Days\"?", message))

robust <- as.data.frame(contrast(fm1, "Days = 10", cluster = "Subject"))
stopifnot(any(grepl("CR2", contrast(fm1, "Days = 10", cluster = "Subject")$summary)), nrow(robust) >= 1)
influential <- as.data.frame(influence(fm1, "Subject"))
stopifnot(nrow(influential) == 18, setequal(influential$level, subjects))
stopifnot(grepl("Selected", select_random(fm1)$summary), grepl("Rubin", pool(list(fm1, fm1))$summary))
simulated <- study(fm1, beta = "Days=5", nsim = 4, method = "REML")
stopifnot(grepl("Days", simulated$summary))
if (nzchar(Sys.which("gnuplot"))) {
  for (kind in c("data", "trace")) stopifnot(any(grepl("<svg", readLines(plot(fm1, kind)))))
  stopifnot(any(grepl("<html", readLines(report_page(fm1)))))
}
cat("R: lme4's examples agree\n")
