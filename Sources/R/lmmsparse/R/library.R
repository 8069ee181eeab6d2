# SPDX-License-Identifier: GPL-2.0-or-later

state <- new.env()

# Opens the library when it is first wanted: the option lmmsparse.library, the variable LMMSPARSE_LIBRARY, or
# the one in the package.
open_library <- function() {
  if (isTRUE(state$open)) return(invisible())
  path <- getOption("lmmsparse.library", Sys.getenv("LMMSPARSE_LIBRARY"))
  if (!nzchar(path)) path <- system.file("lib", "liblmmsparse.so", package = "lmmsparse")
  if (!nzchar(path) || !file.exists(path)) {
    stop("liblmmsparse is not there: build it (swift build -c release --product lmmsparse) and name it by ",
      "options(lmmsparse.library = \".../liblmmsparse.so\").", call. = FALSE)
  }
  .Call(C_open, normalizePath(path))
  state$open <- TRUE
}

lmmsparse_info <- function() {
  open_library()
  checked(.Call(C_ask, "lmm_info", "{}"))
}
