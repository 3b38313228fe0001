# shellcheck shell=bash
# How measures are reported: sourced by what measures.
median() { sort -g | awk '{ a[NR] = $1 } END { print (NR % 2) ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'; }

heading() { printf '%-56s %10s %10s %8s %8s %6s\n' measure ours other ratio must aim; }
line() { printf '%-56s %10.0f %10.0f %8.2f %8s %6s\n' "$@"; }
