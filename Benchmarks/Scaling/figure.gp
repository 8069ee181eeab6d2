# SPDX-License-Identifier: GPL-2.0-or-later
# Six panels from <axis>-<series>.dat (x, seconds, MB) in the working folder; most_threads is given.
slopes = "(1 + x | g)"
crossed = "(1 | a) + (1 | b)"
set multiplot layout 2,3 margins 0.07,0.98,0.09,0.95 spacing 0.075,0.11
set border 3 lw 0.8
set tics nomirror out scale 0.5
set grid lc rgb "#dddddd" lw 0.6
set key left top Left reverse samplen 1.5
set style line 1 lc rgb "#0072b2" lw 1.8 pt 7 ps 0.7
set style line 2 lc rgb "#d55e00" lw 1.8 pt 5 ps 0.7
set logscale xy
set format x "10^{%T}"
do for [row = 1:2] {
  column = row + 1
  do for [axis in "rows levels threads"] {
    if (axis eq "threads") {
      unset logscale x
      set format x "%g"
      set xtics 1, most_threads > 8 ? ceil(most_threads / 8.0) : 1
      unset logscale y
      set format y "%g"
      set yrange [0:*]
      set xrange [0.5:most_threads + 0.5]
    } else {
      set logscale xy
      set format x "10^{%T}"
      set format y "10^{%T}"
      set xtics autofreq
      set autoscale
    }
    set xlabel (row == 2 ? axis : "")
    set ylabel (axis eq "rows" ? (row == 1 ? "wall time, s" : "peak memory, MB") : "")
    if (row == 1 && axis eq "rows") { set key left top Left reverse } else { unset key }
    plot axis."-slopes.dat" using 1:column with linespoints ls 1 title slopes, \
         axis."-crossed.dat" using 1:column with linespoints ls 2 title crossed
  }
}
unset multiplot
