// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS

/// Overwrites L, in the blocks of `layout`, with the entries of Z = (L Lᵀ)⁻¹ on its pattern.
///
/// From the last supernode to the first. With D its diagonal block, B what is below, and Z_RR
/// the inverse at the rows of B, known by then,
///
///     Y = B D⁻¹,   Z_RJ = −Z_RR Y,   Z_JJ = D⁻ᵀD⁻¹ − Yᵀ Z_RJ.
func invert(_ layout: InverseSubset.Layout, _ values: inout [Double]) {
  let largest = (0..<layout.count).map { layout.height($0) - layout.width($0) }.max() ?? 0
  let widest = (0..<layout.count).map { layout.width($0) }.max() ?? 0
  // Z_RR and Z_RJ, for the largest of all supernodes.
  let gathered = UnsafeMutablePointer<Double>.allocate(capacity: max(largest * largest, 1))
  let product = UnsafeMutablePointer<Double>.allocate(capacity: max(largest * widest, 1))
  let places = UnsafeMutablePointer<Int>.allocate(capacity: max(largest, 1))
  defer {
    gathered.deallocate()
    product.deallocate()
    places.deallocate()
  }
  values.withUnsafeMutableBufferPointer { values in
    guard let values = values.baseAddress else { return }
    for s in stride(from: layout.count - 1, through: 0, by: -1) {
      let (width, height) = (layout.width(s), layout.height(s))
      let block = values + layout.valueStarts[s]
      gather(layout, s, values, into: gathered, places)
      if width == 1 {
        invertColumn(block, below: height - 1, gathered, product)
      } else {
        invertBlock(block, width, below: height - width, gathered, product)
      }
    }
  }
}

/// The lower triangle of Z at the rows of supernode s below its diagonal block.
private func gather(
  _ layout: InverseSubset.Layout, _ s: Int, _ values: UnsafePointer<Double>,
  into z: UnsafeMutablePointer<Double>, _ places: UnsafeMutablePointer<Int>
) {
  let count = layout.height(s) - layout.width(s)
  layout.rows.withUnsafeBufferPointer { all in
    let rows = all.baseAddress! + layout.rowStarts[s] + layout.width(s)
    var begin = 0
    while begin < count {
      // rows[begin..<end] are columns of one supernode t, and all of rows[begin...] rows of it.
      let t = layout.supernodeOfColumn[rows[begin]]
      let height = layout.height(t)
      let block = values + layout.valueStarts[t]
      var (end, place) = (begin, 0)
      for x in begin..<count {
        if rows[x] < layout.first[t + 1] {
          place = rows[x] - layout.first[t]
          end = x + 1
        } else {
          place = search(
            all.baseAddress! + layout.rowStarts[t], rows[x], max(place + 1, layout.width(t)),
            height)
        }
        places[x] = place
      }
      for c in begin..<end {
        let column = block + places[c] * height
        for x in c..<count { z[x + c * count] = column[places[x]] }
      }
      begin = end
    }
  }
}

/// The position of `row`, which is there, in the ascending `rows[low..<end]`, by galloping.
@inline(__always)
func search<Row: FixedWidthInteger>(_ rows: UnsafePointer<Row>, _ row: Row, _ low: Int, _ end: Int) -> Int {
  var (low, step) = (low, 1)
  while low + step < end, rows[low + step] <= row {
    low += step
    step *= 2
  }
  var high = min(low + step, end)
  while high - low > 1 {
    let middle = (low + high) / 2
    if rows[middle] <= row { low = middle } else { high = middle }
  }
  return low
}

/// The recursion for one column: `block` is the diagonal entry and `count` entries below it.
private func invertColumn(
  _ block: UnsafeMutablePointer<Double>, below count: Int, _ z: UnsafePointer<Double>,
  _ product: UnsafeMutablePointer<Double>
) {
  let scale = 1 / block[0]
  var diagonal = scale * scale
  let y = block + 1
  for i in 0..<count { y[i] *= scale }
  if count > 32 {
    cblas_dsymv(
      CblasColMajor, CblasLower, Int32(count), -1, z, Int32(count), y, 1, 0, product, 1)
  } else {
    product.update(repeating: 0, count: count)
    for c in 0..<count {
      let column = z + c * count
      var sum = column[c] * y[c]
      for x in c + 1..<max(count, c + 1) {
        sum += column[x] * y[x]
        product[x] -= column[x] * y[c]
      }
      product[c] -= sum
    }
  }
  for i in 0..<count {
    diagonal -= y[i] * product[i]
    y[i] = product[i]
  }
  block[0] = diagonal
}

/// The recursion for a block of `width` columns with `count` rows below the diagonal block.
private func invertBlock(
  _ block: UnsafeMutablePointer<Double>, _ width: Int, below count: Int,
  _ z: UnsafePointer<Double>, _ product: UnsafeMutablePointer<Double>
) {
  let (m, r, height) = (Int32(width), Int32(count), Int32(width + count))
  let y = block + width
  if count > 0 {
    cblas_dtrsm(
      CblasColMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, r, m, 1, block, height,
      y, height)
    cblas_dsymm(
      CblasColMajor, CblasLeft, CblasLower, r, m, -1, z, r, y, height, 0, product, r)
  }
  var (order, stride, info): (lapack_integer, lapack_integer, lapack_integer) = (m, height, 0)
  dpotri_("L", &order, block, &stride, &info, 1)
  guard count > 0 else { return }
  cblas_dgemm(
    CblasColMajor, CblasTrans, CblasNoTrans, m, m, r, -1, y, height, product, r, 1, block,
    height)
  for j in 0..<width {
    (y + j * (width + count)).update(from: product + j * count, count: count)
  }
}
