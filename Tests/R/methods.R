# SPDX-License-Identifier: GPL-2.0-or-later
# Methods as lme4, lmerTest, emmeans and broom have them, with their values; and what they refuse.
suppressMessages({
  library(lmmsparse)
  library(lmerTest)
})
same <- function(a, b, tolerance = 1e-4, names = TRUE) {
  difference <- all.equal(if (names) a else unname(a), if (names) b else unname(b), tolerance = tolerance, check.attributes = names)
  if (!isTRUE(difference)) {
    print(a)
    print(b)
    stop(deparse1(substitute(a)), ": ", paste(difference, collapse = "; "))
  }
}
refused <- function(expression, ...) {
  message <- tryCatch({
    expression
    "nothing"
  }, error = conditionMessage)
  for (words in c(...)) if (!grepl(words, message, fixed = TRUE)) stop(deparse1(substitute(expression)), " said: ", message)
  stopifnot(!grepl("lmm_|JSON|Arrow", message))
}
set.seed(1)
s <- lme4::sleepstudy
s$w <- runif(180, 0.5, 2)
s$o <- rnorm(180, 0, 10)
s$f <- factor(sample(c("b", "a", "c"), 180, TRUE), levels = c("b", "a", "c"))
s$late <- s$Days > 4
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))
them <- function(...) {
  call <- sys.call()
  call[[1]] <- quote(lmer)
  call$control <- control
  suppressMessages(suppressWarnings(eval(call, parent.frame())))
}
ours <- slmer(Reaction ~ Days + (Days | Subject), s)
theirs <- them(Reaction ~ Days + (Days | Subject), s)

# Coefficients and variances.
same(coef(ours)$Subject, coef(theirs)$Subject)
same(coef(summary(ours)), coef(summary(theirs)))
same(coef(slmer(Reaction ~ Days, s)), coef(lm(Reaction ~ Days, s)), 1e-9)
two <- slmer(Reaction ~ 1 + (1 | Subject) + (0 + late | Subject), s)
same(names(coef(two)$Subject), c("lateFALSE", "lateTRUE", "(Intercept)"))
for (order in c("cov.last", "lower.tri")) {
  same(as.data.frame(VarCorr(ours), order = order), as.data.frame(lme4::VarCorr(theirs), order = order))
}
same(as.data.frame(ranef(ours))[c("grpvar", "term", "grp", "condval", "condsd")],
  transform(as.data.frame(lme4::ranef(theirs)), term = as.character(term), grp = as.character(grp)))
same(attr(VarCorr(ours, sigma = 2)$Subject, "stddev"), attr(lme4::VarCorr(theirs, sigma = 2)$Subject, "stddev"))
stopifnot(any(grepl("Days +5.92", capture.output(print(VarCorr(ours))))))
same(c(deviance(ours, REML = FALSE), logLik(ours, REML = FALSE)), c(deviance(theirs, REML = FALSE), logLik(theirs, REML = FALSE)), 1e-8)
same(deviance(ours), lme4::REMLcrit(theirs), 1e-8)
same(extractAIC(ours), c(6, AIC(theirs)), 1e-8)

# Tests and intervals.
for (ddf in c("Satterthwaite", "Kenward-Roger")) for (type in c("I", "II", "III")) {
  a <- anova(slmer(Reaction ~ f * Days + (1 | Subject), s), type = type, ddf = ddf)
  b <- anova(them(Reaction ~ f * Days + (1 | Subject), s), type = type, ddf = ddf)
  same(as.matrix(structure(a, answer = NULL, class = "data.frame")), as.matrix(as.data.frame(b)), 1e-3)
}
same(anova(ours)$`Pr(>F)`, anova(theirs)$`Pr(>F)`)
same(drop1(ours)$`F value`, drop1(theirs)$`F value`)
less <- slmer(Reaction ~ Days + (1 | Subject), s)
less_theirs <- them(Reaction ~ Days + (1 | Subject), s)
for (refit in c(TRUE, FALSE)) {
  a <- anova(less, ours, refit = refit)
  b <- suppressMessages(anova(less_theirs, theirs, refit = refit))
  for (name in c("npar", "AIC", "BIC", "logLik", "deviance", "Chisq", "Df", "Pr(>Chisq)")) same(a[[name]], b[[name]], 1e-6)
}
wald <- confint(ours, method = "Wald")
same(wald["Days", ], confint(theirs, parm = "beta_", method = "Wald")["Days", ], 0.05)  # t, not normal quantiles
stopifnot(is.matrix(wald), nrow(as.data.frame(wald)) == 6, wald$json$method == "wald")
profile <- suppressMessages(confint(theirs))
same(confint(ours, oldNames = TRUE)[rownames(profile), ], profile, 1e-3)
same(rownames(confint(ours, parm = 4, method = "Wald")), "sigma")
same(rownames(confint(ours, parm = c(".sig02", ".sigma"), method = "Wald")), c("cor_Days.(Intercept)|Subject", "sigma"))
line <- slmer(Reaction ~ Days, s)
same(confint(line)[c("(Intercept)", "Days"), ], confint(lm(Reaction ~ Days, s)), 1e-9, names = FALSE)
same(hatvalues(line), hatvalues(lm(Reaction ~ Days, s)), 1e-9)
same(dim(confint(ours, method = "boot", nsim = 10, seed = 1, boot.type = "perc")), c(6L, 2L))

# Rows: with their names, and those that are left out.
s$y <- replace(s$Reaction, 7, NA)
s$x <- replace(s$Days, c(3, 50), NA)
row.names(s) <- paste0("r", 1:180)
for (action in list(na.omit, na.exclude)) {
  a <- slmer(y ~ x + (1 | Subject), s, weights = w, na.action = action)
  b <- them(y ~ x + (1 | Subject), s, weights = w, na.action = action)
  for (method in list(fitted, predict, hatvalues, cooks.distance, residuals, function(m) residuals(m, "pearson"),
                      function(m) residuals(m, scaled = TRUE), function(m) residuals(m, "deviance"))) same(method(a), method(b))
  same(weights(a), weights(b), 1e-12)
  same(dim(simulate(a, 2, seed = 1)), dim(simulate(b, 2, seed = 1)))
  same(model.matrix(a), structure(model.matrix(b), msgScaleX = NULL), names = FALSE)
  same(rownames(model.frame(a)), rownames(model.frame(b)))
}
new <- s[c(4, 51, 100), ]
new$Days[2] <- NA
new$Subject <- replace(as.character(new$Subject), 3, "new")
for (more in list(list(), list(random.only = TRUE), list(re.form = NA), list(re.form = ~0), list(re.form = ~ (1 | Subject)),
                  list(re.form = NULL), list(type = "response"), list(na.action = na.omit))) {
  arguments <- c(list(newdata = new, allow.new.levels = TRUE), more)
  same(do.call(predict, c(list(ours), arguments)), do.call(predict, c(list(theirs), arguments)))
}
calls <- expression(
  fit(Reaction ~ Days + (1 | Subject), s, subset = Days > 2, weights = w),
  fit(Reaction ~ Days + (1 | Subject), s, weights = s$w),
  fit(Reaction ~ Days + (1 | Subject), s, weights = 1 / w, subset = f == "a"),
  fit(Reaction ~ Days + (1 | Subject), s, offset = o),
  fit(Reaction ~ I(Days > limit) + (1 | Subject), s))
limit <- 3
for (call in calls) {
  fit <- slmer
  a <- eval(call)
  fit <- them
  b <- eval(call)
  same(c(logLik(a)), c(logLik(b)), 1e-9)
  same(fitted(a), fitted(b))
}
same(c(logLik(slmer(Reaction ~ Days + (1 | Subject), s, weights = ~w))), c(logLik(slmer(Reaction ~ Days + (1 | Subject), s, weights = "w"))), 0)
same(c(logLik(with(s, slmer(Reaction ~ Days + (1 | Subject))))), c(logLik(less)), 1e-12)
same(c(logLik(slmer(Reaction ~ Days + (1 | Subject), as.list(s)))), c(logLik(less)), 1e-12)
same(c(logLik(update(ours, . ~ . - Days, REML = FALSE))), c(logLik(them(Reaction ~ (Days | Subject), s, REML = FALSE))), 1e-7)

# Columns and formulas that R's users have.
t <- s
t$truth <- factor(c("T", "F")[1 + t$Days %% 2])
t$said <- as.character(t$truth)
t$end <- addNA(factor(ifelse(t$Days > 7, NA, ifelse(t$Days > 4, "a", "b"))))
t$date <- structure(as.integer(t$Days), class = "Date")
for (formula in c(Reaction ~ truth + (1 | Subject), Reaction ~ said + (1 | Subject), Reaction ~ end + (1 | Subject),
                  Reaction ~ Days + (1 | date), Reaction ~ . - Subject + (1 | Subject))) {
  frame <- if ("." %in% all.vars(formula)) t[c("Reaction", "Days", "f", "Subject")] else t
  a <- slmer(formula, frame)
  b <- them(formula, frame)
  same(fixef(a), fixef(b))
  same(predict(a, frame[1:20, ]), predict(b, frame[1:20, ]), 1e-3)
}
same(rownames(ranef(slmer(Reaction ~ 1 + (1 | date), t))$date)[10], "1970-01-10")
same(as.data.frame(marginal_means(slmer(Reaction ~ f + (1 | Subject), s), pairwise ~ f))$estimate,
  as.data.frame(marginal_means(slmer(Reaction ~ f + (1 | Subject), s), "f", compare = "pairwise"))$estimate, 0)
same(nrow(as.data.frame(influence(ours))), 18L)
same(formula(ours, fixed.only = TRUE), Reaction ~ Days)

# Designs, for others' sake.
mixed <- Reaction ~ poly(Days, 2) * f + late + (1 | Subject)
same(model.matrix(slmer(mixed, s)), model.matrix(them(mixed, s)), names = FALSE)
same(attr(terms(slmer(mixed, s)), "term.labels"), attr(terms(them(mixed, s)), "term.labels"))
part <- y ~ scale(Days) + x + (1 | Subject)
same(model.matrix(slmer(part, s)), model.matrix(them(part, s)), names = FALSE)
s$gap <- replace(s$w, 9, NA)
refused(model.matrix(slmer(Reaction ~ poly(x, 2) + gap + (1 | Subject), s)), "rows with missing values")
t <- s
contrasts(t$f) <- "contr.sum"
same(model.matrix(slmer(Reaction ~ f + (1 | Subject), t)), model.matrix(them(Reaction ~ f + (1 | Subject), t)), names = FALSE)
if (requireNamespace("emmeans", quietly = TRUE)) suppressMessages({
  for (formula in c(mixed, Reaction ~ f * Days + I(2 * Days) + (1 | Subject))) for (ddf in c("satterthwaite", "kenward-roger")) {
    a <- summary(emmeans::emmeans(slmer(formula, t), pairwise ~ f, ddf = ddf)$contrasts)
    b <- summary(emmeans::emmeans(them(formula, t), pairwise ~ f, lmer.df = ddf)$contrasts)
    for (name in c("estimate", "SE", "df", "p.value")) same(a[[name]], b[[name]], 2e-3)
  }
  same(emmeans::contrast(ours, "Days = 10")$json$contrasts[[1]]$value, 10)
})
same(lme4::isSingular(ours), FALSE)
same(unname(lme4::getME(ours, "theta")), unname(lme4::getME(theirs, "theta")))
if (requireNamespace("broom.mixed", quietly = TRUE)) {
  same(as.data.frame(generics::tidy(ours)), as.data.frame(broom.mixed::tidy(theirs)), 1e-3)
  same(as.data.frame(generics::glance(ours)), as.data.frame(broom.mixed::glance(theirs)), 1e-6)
  wanted <- c("Reaction", "Days", "Subject", ".fitted", ".resid", ".hat", ".cooksd", ".fixed")
  same(as.data.frame(generics::augment(ours))[wanted], as.data.frame(broom.mixed::augment(theirs))[wanted], 1e-3)
  values <- broom.mixed::tidy(theirs, "ran_vals")
  same(generics::tidy(ours, "ran_vals")$estimate, values$estimate, 1e-3)
}

# What is refused, in words of R.
refused(predict(ours, new, typo = 1), "\"typo\"")
refused(anova(ours, typo = 1), "\"typo\"")
refused(anova(ours, theirs), "lmerModLmerTest")
for (method in list(fitted, fixef, ranef, VarCorr, coef, vcov, logLik, hatvalues, terms, simulate)) refused(method(ours, typo = 1), "\"typo\"")
refused(confint(ours, levle = 0.9), "\"levle\"", "level")
refused(slmer(Reaction ~ Days + (1 | Subject), s, wieghts = "w"), "\"wieghts\"", "weights")
refused(slmer(Reaction ~ Days + (1 | Subject), s, reml = FALSE), "\"reml\"", "twice")
refused(slmer(Reaction ~ Days + (1 | Subject), s, solver = mean), "\"solver\"")
refused(anova(ours, ddf = "none at all"), "ddf")
refused(confint(ours, parm = 9), "from 1 to 6")
formula <- Reaction ~ Days + (1 | Subject)
refused(slmer(formula, s, family = poisson), "family =", "glmer")
refused(slmer(formula, s, control = control), "control =")
refused(slmer(formula, s, weights = nothing), "nothing")
refused(slmer(formula, s, weights = 1:3), "180 rows")
refused(slmer(formula, list(Reaction = 1:3, Days = 1)), "different lengths")
refused(slmer(formula, mean), "data frame")
refused(slmer(NULL, s), "formula")
refused(slmer(formula, s[0, ]), "no rows")
refused(nobs(ours, typo = 1), "\"typo\"")
s$M <- cbind(s$Days, s$w)
s$L <- as.list(s$Days)
s$C <- s$Days + 1i
for (column in c("M", "L", "C")) refused(slmer(as.formula(sprintf("Reaction ~ %s + (1 | Subject)", column)), s), paste("column", column))
refused(slmer(formula, s, subset = "a"), "rows that are not there")
refused(model.matrix(slmer("Reaction ~ Days + (1 | Subject)", file.path(commandArgs(TRUE)[1], "sleepstudy.csv"))), "data frame, not to files")

cat("R: methods agree with lme4's\n")
