# SPDX-License-Identifier: GPL-2.0-or-later
# Methods for generics of lme4, emmeans and generics (broom, broom.mixed), registered when these are there.

isREML.slmer <- function(x, ...) x$json$method == "REML"

ngrps.slmer <- function(object, ...) {
  groups <- vapply(object$json$random, function(term) term$group, "")
  levels <- vapply(object$json$random, function(term) as.integer(term$n_levels), 0L)
  stats::setNames(levels, groups)[!grepl("\\.[0-9]+$", groups) | !sub("\\.[0-9]+$", "", groups) %in% groups]
}

#' @param name theta, lower, beta, fixef, sigma, X, y, n, p, is_REML or cnms.
getME.slmer <- function(object, name, ...) {
  terms <- object$json$random
  theta <- object$json$theta
  switch(name,
    theta = stats::setNames(as.numeric(unlist(theta$values)), unlist(theta$names)),
    lower = {
      sizes <- vapply(terms, function(term) length(unlist(term$terms)), 0L)
      lower <- unlist(lapply(sizes, function(k) diag(k)[lower.tri(diag(k), diag = TRUE)]))
      if (length(lower) != length(unlist(theta$values))) stop("getME(): no bounds of a structured covariance.", call. = FALSE)
      ifelse(lower == 1, 0, -Inf)
    },
    beta = unname(fixef.slmer(object)), fixef = fixef.slmer(object), sigma = object$json$sigma,
    X = model.matrix.slmer(object), y = stats::model.response(model.frame.slmer(object)), n = nobs.slmer(object),
    p = length(fixef.slmer(object)), is_REML = isREML.slmer(object),
    cnms = stats::setNames(lapply(terms, function(term) unlist(term$terms)), vapply(terms, function(term) term$group, "")),
    stop("getME() has no \"", name, "\" of fits of slmer().", call. = FALSE))
}

# emmeans

recover_data.slmer <- function(object, data = NULL, ...) {
  frame <- if (is.null(data)) used_frame(object) else data
  terms <- stats::delete.response(terms.slmer(object))
  emmeans::recover_data(object$call, terms, NULL, data = frame, ...)
}

#' @param ddf Method of the degrees of freedom; by default the fit's. lmer.df and mode are emmeans' names of it.
emm_basis.slmer <- function(object, trms, xlev, grid, ddf = NULL, lmer.df = NULL, mode = NULL, vcov. = NULL, ...) {
  for (other in list(lmer.df, mode)) if (is.null(ddf)) ddf <- other
  ddf <- if (is.null(ddf)) object$ddf else ddf_name(ddf)
  if (ddf == "asymptotic") ddf <- "none"
  frame <- stats::model.frame(trms, grid, na.action = stats::na.pass, xlev = xlev)
  for (name in names(xlev)) if (is.character(frame[[name]])) frame[[name]] <- factor(frame[[name]], xlev[[name]])
  all <- fixef.slmer(object, add.dropped = TRUE)
  if (object$json$nobs_omitted > 0) model.matrix.slmer(object)  # which tells whether R's columns are those of the fit
  x <- stats::model.matrix(trms, with_codings(frame, object))
  x <- x[, names(all), drop = FALSE]
  basis <- estimability::all.estble
  used <- !is.na(all)
  shares <- NULL
  if (anyNA(all)) {
    rows <- model_matrix_with_dropped(object)
    basis <- estimability::nonest.basis(rows)
    shares <- qr.coef(qr(rows[, used, drop = FALSE]), rows[, !used, drop = FALSE])
  }
  dfargs <- list(object = object, ddf = ddf, used = used, shares = shares, degrees = degrees_of)
  covariance <- if (is.function(vcov.)) vcov.(object) else if (!is.null(vcov.)) vcov. else covariance_for(dfargs)
  # emmeans takes functions out of their environment.
  degrees <- function(k, dfargs) dfargs$degrees(k, dfargs)
  labels <- c(satterthwaite = "satterthwaite", "kenward-roger" = "kenward-roger", none = "asymptotic")
  list(X = x, bhat = unname(all), nbasis = basis, V = covariance, dffun = degrees,
    dfargs = dfargs,
    misc = list(initMesg = c(
      paste("Degrees-of-freedom method:", if (ddf %in% names(labels)) labels[[ddf]] else ddf),
      if (has_absorbed(object)) "Means are without the effects of absorbed factors; differences and slopes are not concerned")))
}

degrees_of <- function(k, arguments) {
  if (arguments$ddf == "none") return(Inf)
  if (anyNA(k) || !any(k != 0)) return(NA_real_)
  contrast.slmer(arguments$object, L = with_dropped(t(k), arguments), ddf = arguments$ddf)$json$contrasts[[1]]$df
}

# Combinations of the coefficients that were not dropped, as ones of all: dropped columns have the shares that they are
# of the others.
with_dropped <- function(rows, arguments) {
  if (is.null(arguments$shares)) return(rows)
  all <- matrix(0, nrow(rows), length(arguments$used))
  all[, arguments$used] <- rows
  all[, !arguments$used] <- rows %*% arguments$shares
  all
}

model_matrix_with_dropped <- function(object) {
  frame <- frame_of(object, fixed_formula(object))
  x <- stats::model.matrix(attr(frame, "terms"), with_codings(frame, object))
  x[, names(fixef.slmer(object, add.dropped = TRUE)), drop = FALSE]
}

# Kenward and Roger adjust the covariance of the coefficients: by the standard errors of all sums of two of them.
covariance_for <- function(arguments) {
  plain <- vcov.slmer(arguments$object)
  if (!startsWith(arguments$ddf, "kenward-roger")) return(plain)
  p <- nrow(plain)
  pairs <- which(upper.tri(plain, diag = TRUE), arr.ind = TRUE)
  rows <- matrix(0, nrow(pairs), p)
  for (k in seq_len(nrow(pairs))) rows[k, unique(pairs[k, ])] <- 1
  contrasts <- contrast.slmer(arguments$object, L = with_dropped(rows, arguments), ddf = arguments$ddf)$json$contrasts
  squares <- field(contrasts, "std_error")^2
  adjusted <- plain
  own <- pairs[, 1] == pairs[, 2]
  adjusted[pairs[own, , drop = FALSE]] <- squares[own]
  for (k in which(!own)) {
    i <- pairs[k, 1]
    j <- pairs[k, 2]
    adjusted[i, j] <- adjusted[j, i] <- (squares[k] - adjusted[i, i] - adjusted[j, j]) / 2
  }
  adjusted
}

# broom

as_tibble_if <- function(frame) {
  if (requireNamespace("tibble", quietly = TRUE)) tibble::as_tibble(frame) else frame
}

#' @param effects Of fixed, ran_pars (standard deviations and correlations) and ran_vals (conditional modes).
tidy.slmer <- function(x, effects = c("fixed", "ran_pars"), conf.int = FALSE, conf.level = 0.95, conf.method = "Wald",
                       ddf.method = NULL, ...) {
  no_more("tidy", ...)
  effects <- match.arg(effects, c("fixed", "ran_pars", "ran_vals"), several.ok = TRUE)
  rows <- as.data.frame(summary.slmer(x, ddf = ddf.method))
  rows$conf.low <- rows$conf.high <- NULL
  if (conf.int) {
    ddf <- if (is.null(ddf.method)) x$ddf else ddf.method
    limits <- as.data.frame(confint.slmer(x, level = conf.level, method = conf.method, ddf = ddf))
    at <- match(paste(rows$effect, rows$group, rows$term), paste(limits$effect, limits$group, limits$term))
    rows$conf.low <- limits$conf.low[at]
    rows$conf.high <- limits$conf.high[at]
  }
  rows <- rows[rows$effect %in% effects, , drop = FALSE]
  if ("ran_vals" %in% effects) {
    modes <- as.data.frame(ranef.slmer(x))
    more <- data.frame(effect = "ran_vals", group = modes$grpvar, level = as.character(modes$grp), term = modes$term,
      estimate = modes$condval, std.error = modes$condsd)
    if (conf.int) {
      half <- stats::qnorm((1 + conf.level) / 2) * more$std.error
      more$conf.low <- more$estimate - half
      more$conf.high <- more$estimate + half
    }
    rows$level <- rep(NA_character_, nrow(rows))
    for (name in setdiff(names(rows), names(more))) more[[name]] <- NA
    rows <- rbind(rows[names(more)], more)
    rows <- rows[c("effect", "group", "level", setdiff(names(rows), c("effect", "group", "level")))]
  }
  rownames(rows) <- NULL
  as_tibble_if(rows)
}

glance.slmer <- function(x, ...) {
  no_more("glance", ...)
  text <- checked(.Call(C_call, x$handle, to_json(list(command = "summary", format = I("glance")))))
  as_tibble_if(read.csv(text = text$glance, check.names = FALSE, stringsAsFactors = FALSE))
}

augment.slmer <- function(x, data = NULL, newdata = NULL, ...) {
  no_more("augment", ...)
  if (!is.null(newdata)) {
    frame <- as.data.frame(newdata)
    frame$.fitted <- unname(predict.slmer(x, newdata, allow.new.levels = TRUE))
    return(as_tibble_if(frame))
  }
  columns <- augmented(x, influence = TRUE)
  omitted <- left_out(x, columns[[".resid"]])
  if (length(omitted)) columns <- columns[-omitted, , drop = FALSE]
  frame <- if (is.null(data)) model.frame.slmer(x) else data
  if (nrow(frame) > nrow(columns)) frame <- frame[-omitted, ]
  frame <- cbind(structure(as.data.frame(frame), terms = NULL), columns)
  as_tibble_if(frame)
}
