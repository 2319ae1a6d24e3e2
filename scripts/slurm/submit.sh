#!/usr/bin/env bash
# Submits a sweep as an array of tasks, a trial each, and its table as a job after them:
#   submit.sh SWEEP FOLDER [options of sbatch, as --cpus-per-task=4 --time=2:00:00]
# AT_A_TIME tasks run at a time (default 8). The train command is $TRAIN, else the one on the path. SWEEP and FOLDER
# must be seen under the same paths by all nodes. Prints the ids of the array and of the table's job.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { echo "usage: submit.sh SWEEP FOLDER [options of sbatch]" >&2; exit 2; }
sweep=$1 folder=$2
shift 2
export TRAIN=${TRAIN:-train}
command -v "$TRAIN" > /dev/null || {
  echo "submit.sh: there is no $TRAIN; build it by 'make build' and set TRAIN=\$PWD/bin/train" >&2
  exit 1
}
count=$("$TRAIN" sweep --config "$sweep" --dry-run --json | grep -c '"index"')
array=$(sbatch --parsable --array="0-$((count - 1))%${AT_A_TIME:-8}" "$@" "$here/sweep.sbatch" "$sweep" "$folder")
table=$(sbatch --parsable --dependency="afterany:$array" --job-name=maxgain-table --output=sweep-table.log \
  --wrap "\"$TRAIN\" sweep table \"$folder\"")
echo "$array $table"
