#!/usr/bin/env bash
# Runs every fuzz target of the project for the given time or number of executions each (default 10s):
#   scripts/fuzz.sh 1000000x
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10s}
grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do
  pkg=./$(dirname "${file#./}")
  grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | cut -d' ' -f2 | while read -r target; do
    echo "== $pkg $target"
    # Left alone, go test spends up to a minute on making one new input shorter.
    go test "$pkg" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 1000x
  done
done
