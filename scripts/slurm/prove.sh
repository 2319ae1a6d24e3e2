#!/usr/bin/env bash
# Proves the array job on a real Slurm: starts a controller and a node on this machine, runs a sweep of six short
# trials two at a time, requeues one task in the middle, kills the process of another and warns a third of its time
# limit, and compares the table with that of a sweep that nothing disturbed. Needs root on Debian or Ubuntu, whose packages slurm-wlm and munge it
# installs if they are not there, and Go. Takes a few minutes; everything it starts and writes is gone afterwards.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "prove.sh: $*" >&2; exit 1; }
say() { echo "$(date +%T) $*"; }

[ "$(id -u)" -eq 0 ] || fail "a Slurm of one's own needs root"
if ! command -v slurmctld slurmd munged sbatch > /dev/null; then
  command -v apt-get > /dev/null || fail "install Slurm (slurmctld, slurmd, sbatch) and munge first"
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends slurm-wlm munge
fi

dir=$(mktemp -d)
chmod 755 "$dir"
started=()
finish() {
  for pid in "${started[@]}"; do kill "$pid" 2> /dev/null || true; done
  wait
  rm -rf "$dir"
}
trap finish EXIT

# A controller and a node, under names and ports of their own.
mkdir "$dir/state" "$dir/spool"
dd if=/dev/urandom of="$dir/munge.key" bs=128 count=1 status=none
chmod 600 "$dir/munge.key"
munged --foreground --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" \
  --seed-file="$dir/munged.seed" > "$dir/munged.log" 2>&1 &
started+=($!)
export SLURM_CONF=$dir/slurm.conf
host=$(hostname -s)
cat > "$SLURM_CONF" <<CONF
ClusterName=proof
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SchedulerParameters=batch_sched_delay=1,sched_interval=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc)
PartitionName=all Nodes=ALL Default=YES State=UP
CONF
slurmctld -D > "$dir/slurmctld.log" 2>&1 &
started+=($!)
slurmd -D > "$dir/slurmd.log" 2>&1 &
started+=($!)
for _ in $(seq 60); do
  sinfo -h -o %T 2> /dev/null | grep -q '^idle$' && break
  sleep 1
done
sinfo -h -o %T | grep -q '^idle$' || { tail -n 20 "$dir"/*.log >&2; fail "the node does not come up"; }
say "$(slurmctld -V), node: $(sinfo -h -o '%N %T, %c CPUs')"

go build -o "$dir/train" ./cmd/train
export TRAIN=$dir/train
cat > "$dir/sweep.yaml" <<SWEEP
config: quickstart.yaml
parameters:
  train.learning_rate: [0.0005, 0.001, 0.01]
  train.seed: [1, 2]
overrides: {data.train_count: 1000, data.val_count: 100, train.batch_size: 20, train.epochs: 12}
SWEEP
"$TRAIN" sweep --config "$dir/sweep.yaml" --out "$dir/undisturbed" --quiet > /dev/null
say "undisturbed sweep done"

cd "$dir"
here=$OLDPWD/scripts/slurm
read -r array table < <(AT_A_TIME=2 "$here/submit.sh" "$dir/sweep.yaml" "$dir/out" --time=1:00:00)
say "submitted array $array and table $table"

epoch() { sed -n 's/.*"epoch": \([0-9]*\).*/\1/p' "$dir/out/trial-000$1/status.json" 2> /dev/null || true; }
until_epoch() {
  for _ in $(seq 1200); do
    [ "$(epoch "$1")" -ge "$2" ] 2> /dev/null && return
    sleep 0.2
  done
  fail "trial $1 does not come to epoch $2"
}
made() { stat -c '%i %Y' "$dir/out/trial-000$1/env.json"; } # written when the run's folder is made, and never again
until_epoch 0 2
until_epoch 1 2
most=0
count() {
  local running
  running=$(squeue -h -r -j "$array" -t RUNNING | wc -l)
  [ "$running" -le "$most" ] || most=$running
}
count
made=$(made 0; made 1)
say "task 0 is after epoch $(epoch 0) of 12: scontrol requeue"
scontrol requeue "${array}_0"
victim=$(pgrep -f -- "--out $dir/out --index 1 " | head -n 1)
say "task 1 is after epoch $(epoch 1) of 12: SIGKILL to process $victim"
kill -KILL "$victim"
until_epoch 2 2
made+=$'\n'$(made 2)
say "task 2 is after epoch $(epoch 2) of 12: the signal that its time limit is near"
scancel --batch --signal=USR1 "${array}_2" # which may send it again when the task runs again

for _ in $(seq 1200); do
  count
  ! grep -qs '^advice' sweep-table.log || break
  sleep 0.5
done
tail -n +1 sweep-"${array}"_*.log
cat sweep-table.log || fail "the table's job has not run"
say "at most $most tasks ran at a time"
[ "$most" -eq 2 ] || fail "$most tasks ran at a time, want 2"
for i in 0 1 2; do
  grep -q 'restarts: 1' "sweep-${array}_$i.log" || fail "task $i was not run again"
done
[ "$(made 0; made 1; made 2)" = "$made" ] || fail "a trial was begun anew"
say "tasks 0, 1 and 2 were run again and went on in the folders that they had"
for sweep in undisturbed out; do
  "$TRAIN" sweep table --json "$dir/$sweep" > "$dir/$sweep.json"
done
cmp "$dir/undisturbed.json" "$dir/out.json" || fail "the tables differ"
say "the table equals that of the undisturbed sweep ($(wc -c < "$dir/out.json") bytes of JSON)"
