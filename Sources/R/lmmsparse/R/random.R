# SPDX-License-Identifier: GPL-2.0-or-later
# The random part: conditional modes, coefficients of levels, variances.

# A list of data frames by grouping factor, with their standard deviations as attribute.
#' @param condVar lme4's; the standard deviations are there in any case. whichel: grouping factors that are wanted.
ranef.slmer <- function(object, condVar = TRUE, whichel = NULL, ...) {
  no_more("ranef", ...)
  table <- .Call(C_table, "lmm_ranef", object$handle, NULL, "{}")
  checked(table)
  rows <- as.data.frame(table[[3]], stringsAsFactors = FALSE, optional = TRUE)
  wide <- function(part, column) {
    terms <- unique(part$term)
    levels <- part$level[part$term == terms[1]]
    values <- lapply(terms, function(term) part[[column]][part$term == term])
    structure(values, names = terms, row.names = levels, class = "data.frame")
  }
  # A second term on a factor is called Subject.1; lme4 has the columns of both in one frame.
  first <- sub("\\.[0-9]+$", "", rows$group)
  rows$group <- ifelse(first %in% rows$group, first, rows$group)
  groups <- unique(rows$group)
  if (!is.null(whichel)) {
    unknown <- setdiff(whichel, groups)
    if (length(unknown)) {
      stop("no grouping factor \"", unknown[1], "\"; there are ", paste(groups, collapse = ", "), ".", call. = FALSE)
    }
    groups <- whichel
  }
  modes <- lapply(groups, function(group) {
    part <- rows[rows$group == group, ]
    structure(wide(part, "estimate"), condSD = wide(part, "std.error"))
  })
  structure(modes, names = groups, class = "ranef.slmer")
}

print.ranef.slmer <- function(x, ...) {
  print(lapply(unclass(x), function(group) structure(group, condSD = NULL)), ...)
  invisible(x)
}

as.data.frame.ranef.slmer <- function(x, row.names = NULL, optional = FALSE, ...) {
  parts <- lapply(names(x), function(group) {
    modes <- x[[group]]
    sd <- attr(modes, "condSD")
    data.frame(grpvar = group, term = rep(names(modes), each = nrow(modes)), grp = rep(rownames(modes), length(modes)),
      condval = unlist(modes, use.names = FALSE), condsd = unlist(sd, use.names = FALSE), stringsAsFactors = FALSE)
  })
  do.call(rbind, parts)
}

# As lme4: a list by grouping factor of the coefficients of its levels, fixed and random added up. A model without
# random effects has the fixed ones.
coef.slmer <- function(object, ...) {
  no_more("coef", ...)
  fixed <- fixef.slmer(object)
  if (!length(object$json$random)) return(fixed)
  modes <- ranef.slmer(object)
  alone <- setdiff(unlist(lapply(modes, names)), names(fixed))
  fixed <- c(stats::setNames(numeric(length(alone)), alone), fixed)
  sums <- lapply(modes, function(group) {
    own <- function(name) if (is.null(group[[name]])) numeric(nrow(group)) else group[[name]]
    columns <- lapply(names(fixed), function(name) fixed[[name]] + own(name))
    structure(columns, names = names(fixed), row.names = attr(group, "row.names"), class = "data.frame")
  })
  structure(sums, class = "coef.slmer")
}

print.coef.slmer <- function(x, ...) {
  print(unclass(x), ...)
  invisible(x)
}

# Numbers of JSON, NA for null.
numbers <- function(values) vapply(values, function(v) if (is.null(v)) NA_real_ else as.numeric(v), 0)

# A list of covariance matrices by term, with attributes stddev and correlation, as lme4's.
VarCorr.slmer <- function(x, sigma = 1, ...) {
  no_more("VarCorr", ...)
  ratio <- if (missing(sigma)) 1 else sigma / x$json$sigma
  terms <- x$json$random
  components <- lapply(terms, function(term) {
    names <- unlist(term$terms)
    square <- function(values) {
      matrix(unlist(lapply(values, numbers)), length(names), byrow = TRUE, dimnames = list(names, names))
    }
    sd <- ratio * stats::setNames(numbers(term$sd), names)
    structure(ratio^2 * square(term$cov), stddev = sd, correlation = square(term$corr))
  })
  names(components) <- vapply(terms, function(term) term$group, "")
  structure(components, sc = ratio * x$json$sigma, useSc = TRUE, class = "VarCorr.slmer")
}

#' @return As of lme4: grp, var1, var2, vcov and sdcor.
as.data.frame.VarCorr.slmer <- function(x, row.names = NULL, optional = FALSE, order = c("cov.last", "lower.tri"), ...) {
  order <- match.arg(order)
  parts <- lapply(seq_along(x), function(k) {
    v <- x[[k]]
    names <- rownames(v)
    below <- which(lower.tri(v), arr.ind = TRUE)
    rows <- data.frame(
      grp = names(x)[k], var1 = c(names, names[below[, 2]]), var2 = c(rep(NA, length(names)), names[below[, 1]]),
      vcov = c(diag(v), v[below]), sdcor = c(attr(v, "stddev"), attr(v, "correlation")[below]), stringsAsFactors = FALSE)
    if (order == "lower.tri") {
      at <- diag(seq_along(names), length(names))
      at[lower.tri(at)] <- length(names) + seq_len(nrow(below))
      rows <- rows[at[lower.tri(at, diag = TRUE)], ]
    }
    rows
  })
  sd <- attr(x, "sc")
  rows <- rbind(do.call(rbind, parts),
    data.frame(grp = "Residual", var1 = NA_character_, var2 = NA_character_, vcov = sd^2, sdcor = sd))
  rownames(rows) <- NULL
  rows
}

print.VarCorr.slmer <- function(x, digits = max(3, getOption("digits") - 2), ...) {
  text <- function(values) formatC(values, digits = digits, format = "fg", flag = "#")
  rows <- lapply(seq_along(x), function(k) {
    v <- x[[k]]
    correlations <- attr(v, "correlation")
    n <- nrow(v)
    corr <- vapply(seq_len(n), function(i) paste(sprintf("%6.3f", correlations[i, seq_len(i - 1)]), collapse = " "), "")
    data.frame(Groups = c(names(x)[k], rep("", n - 1)), Name = rownames(v), Std.Dev. = text(attr(v, "stddev")), Corr = corr)
  })
  rows <- rbind(do.call(rbind, rows), data.frame(Groups = "Residual", Name = "", Std.Dev. = text(attr(x, "sc")), Corr = ""))
  if (!any(nzchar(rows$Corr))) rows$Corr <- NULL
  print(rows, row.names = FALSE, right = FALSE, ...)
  invisible(x)
}
