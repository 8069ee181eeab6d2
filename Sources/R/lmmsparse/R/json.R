# SPDX-License-Identifier: GPL-2.0-or-later

# A list as JSON. Vectors of one element are values and longer ones arrays; I(x) makes an array of any.
to_json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    parts <- vapply(x, to_json, "")
    if (is.null(names(x))) return(paste0("[", paste(parts, collapse = ", "), "]"))
    return(paste0("{", paste0(quoted(names(x)), ": ", parts, collapse = ", "), "}"))
  }
  parts <- if (is.character(x) || is.factor(x)) quoted(as.character(x))
    else if (is.logical(x)) ifelse(x, "true", "false")
    else character(length(x))
  parts <- ifelse(is.na(x), "null", parts)
  if (is.numeric(x)) parts <- ifelse(is.na(x), "null", sprintf("%.17g", x))
  if (length(x) == 1 && !inherits(x, "AsIs")) parts else paste0("[", paste(parts, collapse = ", "), "]")
}

quoted <- function(x) {
  x <- enc2utf8(x)
  x <- gsub("\\", "\\\\", x, fixed = TRUE)
  x <- gsub("\"", "\\\"", x, fixed = TRUE)
  for (k in seq_len(31)) {
    character <- rawToChar(as.raw(k))
    if (any(grepl(character, x, fixed = TRUE))) x <- gsub(character, sprintf("\\u%04x", k), x, fixed = TRUE)
  }
  paste0("\"", x, "\"")
}

options_json <- function(options) {
  options <- Filter(Negate(is.null), options)
  twice <- names(options)[duplicated(names(options))]
  if (length(twice)) stop("\"", twice[1], "\" is given twice, here and as an argument of another name.", call. = FALSE)
  for (name in names(options)) {
    x <- options[[name]]
    if (!is.list(x) && !is.atomic(x)) stop("\"", name, "\" takes no ", class(x)[1], ".", call. = FALSE)
  }
  if (length(options)) to_json(options) else "{}"
}

# The result of a call, or its error.
checked <- function(answer) {
  if (answer[[1]] < 0) stop(answer[[3]], call. = FALSE)
  result <- .Call(C_parse, answer[[2]])
  if (answer[[1]] != 0) {
    error <- result$error
    if (identical(error$code, "interrupted")) .Call(C_interrupt)
    stop(structure(
      class = c(paste0("lmmsparse_", error$code), "lmmsparse_error", "error", "condition"),
      list(message = in_words_of_r(error$message), call = NULL, place = error$place)))
  }
  result
}

# Without the names of the functions of C and of what this package adds to every request.
in_words_of_r <- function(message) {
  sub("There are command, format, ", "There are ", sub("^lmm_[a-z_]+: ", "", message), fixed = TRUE)
}
