// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// The C function of that name in anything loaded into this process, or nil.
func loadedSymbol<Function>(_ name: String, as type: Function.Type) -> Function? {
  // A null handle, RTLD_DEFAULT, looks everywhere.
  dlsym(nil, name).map { unsafeBitCast($0, to: type) }
}
