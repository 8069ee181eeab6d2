# SPDX-License-Identifier: GPL-2.0-or-later
# Generics whose names others have, too: nlme (and so lme4), emmeans and lmerTest. Our methods are registered for
# theirs, and what is not ours is handed to them, so that the order of attaching does not matter.

fixef <- function(object, ...) UseMethod("fixef")
ranef <- function(object, ...) UseMethod("ranef")
VarCorr <- function(x, sigma = 1, ...) UseMethod("VarCorr")
contrast <- function(object, ...) UseMethod("contrast")
ranova <- function(object, ...) UseMethod("ranova")

# Not called fixef.default: their generics, called from here, would find it and come back.
fixef_of_others <- function(object, ...) theirs("nlme", "fixef", object)(object, ...)
ranef_of_others <- function(object, ...) theirs("nlme", "ranef", object)(object, ...)
VarCorr_of_others <- function(x, sigma = 1, ...) {
  generic <- theirs("nlme", "VarCorr", x)
  if (missing(sigma)) generic(x, ...) else generic(x, sigma = sigma, ...)
}
contrast_of_others <- function(object, ...) theirs("emmeans", "contrast", object)(object, ...)
ranova_of_others <- function(object, ...) theirs("lmerTest", "ranova", object)(object, ...)

# The function of another package, for an object that is none of ours.
theirs <- function(package, name, object) {
  if (!requireNamespace(package, quietly = TRUE)) {
    stop(name, "() takes a fit of slmer(), and without the package ", package, " nothing else; this is a ", class(object)[1], ".",
      call. = FALSE)
  }
  getExportedValue(package, name)
}

# Refuses arguments that a method does not know: no_more("predict", ...).
no_more <- function(method, ...) {
  if (!...length()) return(invisible())
  names <- ...names()
  names <- if (is.null(names)) rep("", ...length()) else names
  names[is.na(names)] <- ""
  known <- setdiff(names(formals(get(paste0(method, ".slmer"), mode = "function"))), "...")[-1]
  stop(method, "() has no ", if (nzchar(names[1])) paste0("argument \"", names[1], "\"") else "further argument without a name",
    " for fits of slmer()", if (length(known)) paste0("; it has ", paste(known, collapse = ", ")), ".", call. = FALSE)
}

# Names of methods as lme4 and lmerTest write them.
ddf_name <- function(ddf) {
  if (is.null(ddf)) return(NULL)
  ddf <- tolower(gsub(" ", "-", ddf, fixed = TRUE))
  if (identical(ddf, "lme4")) "none" else ddf
}

type_number <- function(type) {
  if (is.character(type)) match(toupper(type), c("I", "II", "III"), nomatch = suppressWarnings(as.numeric(type))) else type
}
