// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// The C function of that name in anything loaded into this process, or nil.
func loadedSymbol<Function>(_ name: String, as type: Function.Type) -> Function? {
  // A null handle, RTLD_DEFAULT, looks everywhere.
  dlsym(nil, name).map { unsafeBitCast($0, to: type) }
}

/// The file of the library that has the C function of that name, with links resolved, or nil.
func loadedLibrary(of name: String) -> String? {
  // Declared only for _GNU_SOURCE, which the Glibc module is not built with; so is Dl_info, whose first word is
  // the path.
  typealias Find = @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer) -> Int32
  var information = [UnsafePointer<CChar>?](repeating: nil, count: 4)
  guard let function = dlsym(nil, name), let find = loadedSymbol("dladdr", as: Find.self),
    find(function, &information) != 0, let path = information[0],
    let resolved = realpath(path, nil)
  else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}
