// SPDX-License-Identifier: GPL-2.0-or-later

/// Runs `body` with OpenMP's parallel regions of this thread reduced to one thread each.
///
/// CHOLMOD spreads the assembly of every supernode over four OpenMP threads, whatever the number
/// of processors, and the waiting costs more than the help brings: 4000 unknowns of two crossed
/// factors took 27 ms with and 15 ms without on two processors, and now and then 800 ms when these
/// were busy. The BLAS keeps its threads; if these are OpenMP's too, nothing is done.
func withSerialOpenMP<Result>(_ body: () -> Result) -> Result {
  guard let levels = openMPLevels else { return body() }
  let before = levels.get()
  levels.set(0)
  defer { levels.set(before) }
  return body()
}

private typealias Getter = @convention(c) () -> Int32
private typealias Setter = @convention(c) (Int32) -> Void

/// The limit of nested parallel regions; nil where there is no OpenMP or the BLAS runs on it.
private let openMPLevels: (get: Getter, set: Setter)? = {
  let openBLASOnOpenMP: Int32 = 2
  if let parallel = loadedSymbol("openblas_get_parallel", as: Getter.self),
    parallel() == openBLASOnOpenMP
  {
    return nil
  }
  guard let get = loadedSymbol("omp_get_max_active_levels", as: Getter.self),
    let set = loadedSymbol("omp_set_max_active_levels", as: Setter.self)
  else { return nil }
  return (get, set)
}()
