#!/usr/bin/env bash
# Runs the tests of the kernels, the models and the matrix products of whitening at every instruction set level that this machine has.
set -euo pipefail
cd "$(dirname "$0")/.."
levels=generic
if [ "$(go env GOARCH)" = amd64 ] && grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo; then
  levels="$levels avx2"
  if grep -qw avx512f /proc/cpuinfo && grep -qw avx512vl /proc/cpuinfo; then
    levels="$levels avx512"
  fi
fi
for level in $levels; do
  echo "== MAXGAIN_CPU=$level"
  MAXGAIN_CPU=$level go test -short -count=1 -timeout 30m ./models/... ./datasets/internal/dense
done
