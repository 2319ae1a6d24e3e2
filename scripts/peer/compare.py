"""Our images per second against PyTorch's, interleaved in one run: PyTorch, ours, PyTorch, ours …

    python compare.py --train-binary ./train
For each net PyTorch runs the fp32 configurations below that a sweep found best, in processes that stay warm; ours is
`train bench --config PRESET --json`. Prints medians over the rounds and their ratios as a markdown table.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from nets import RECIPES
from quiet import LIMIT, Watch

BENCH = Path(__file__).with_name("bench.py")
KINDS = ("train", "forward")
EAGER = ("--layout", "channels-last", "--mode", "eager")
COMPILED = ("--layout", "channels-last", "--mode", "compile", "--freeze", "--kinds", "forward")

# PyTorch's candidates, per net and kind; the fastest median of a run is its figure.
CANDIDATES = {
    ("lenet-mnist", "train"): [(*EAGER, "--head", "linear")],
    ("lenet-mnist", "forward"): [(*EAGER, "--head", "linear"), (*COMPILED, "--head", "linear")],
    ("lenet-cifar10", "train"): [(*EAGER, "--head", "linear"), ("--layout", "nchw", "--mode", "eager")],
    ("lenet-cifar10", "forward"): [(*EAGER, "--head", "linear"), (*COMPILED, "--head", "linear")],
    ("vgg-small", "train"): [EAGER, ("--layout", "nchw", "--mode", "eager"), ("--layout", "channels-last", "--mode", "compile")],
    ("vgg-small", "forward"): [EAGER, COMPILED],
    ("resnet20-cifar10", "train"): [EAGER, ("--layout", "nchw", "--mode", "eager"), ("--layout", "channels-last", "--mode", "compile")],
    ("resnet20-cifar10", "forward"): [EAGER, COMPILED],
    ("nin-cifar10", "train"): [EAGER, ("--layout", "nchw", "--mode", "eager"), ("--layout", "channels-last", "--mode", "compile")],
    ("nin-cifar10", "forward"): [EAGER, COMPILED],
}


class Peer:
    """A warm bench.py in one configuration. It sleeps while it is not asked."""

    def __init__(self, net, arguments, threads):
        self.name = " ".join(word for word in arguments if not word.startswith("--") and word != "forward")
        if "--freeze" in arguments:
            self.name += " frozen"
        command = [sys.executable, str(BENCH), "--net", net, "--threads", str(threads), "--serve", *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.rates, self.others = [], []

    def measure(self, kind, seconds):
        """One round of the kind: images per second and others' share of the machine."""
        print(kind, seconds, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"PyTorch ({self.name}) ended with status {self.process.wait()}")
        result = json.loads(answer)
        return result["rate"], result["others"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def ours(binary, preset, threads):
    """One run of our bench: its JSON and others' share of the machine meanwhile."""
    watch = Watch()
    command = [binary, "bench", "--config", preset, "--set", f"train.workers={threads}", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout), watch.others()


def compare(net, options):
    """Medians of a net by kind: {"ours", "torch", "configuration", "others", and every round}."""
    peers = {kind: [Peer(net, arguments, options.threads) for arguments in CANDIDATES[net, kind]] for kind in KINDS}
    own, disturbed = {kind: [] for kind in KINDS}, []
    try:
        for kind in KINDS:
            for peer in peers[kind]:
                peer.measure(kind, options.seconds)  # warm-up and compilation
        for number in range(options.rounds):
            print(f"{net}: round {number + 1} of {options.rounds}", file=sys.stderr)
            for kind in KINDS:
                for peer in peers[kind]:
                    rate, others = peer.measure(kind, options.seconds)
                    peer.rates.append(rate)
                    disturbed.append(others)
            result, others = ours(options.train_binary, RECIPES[net].preset, options.threads)
            disturbed.append(others)
            for kind in KINDS:
                own[kind].append(result[f"{kind}_images_per_second"])
    finally:
        for peer in sum(peers.values(), []):
            peer.close()
    rows = {}
    for kind in KINDS:
        best = max(peers[kind], key=lambda peer: statistics.median(peer.rates))
        rows[kind] = {"ours": statistics.median(own[kind]), "torch": statistics.median(best.rates), "configuration": best.name,
                      "others": max(disturbed), "ours_rounds": own[kind],
                      "torch_rounds": {peer.name: peer.rates for peer in peers[kind]}}
    return rows


def table(results):
    """The markdown table of compare's rows, by net."""
    lines = ["| net | pass | ours, images/s | PyTorch fp32, images/s | ratio | PyTorch's best configuration |", "|---|---|---|---|---|---|"]
    for net, rows in results.items():
        for kind, row in rows.items():
            lines.append(f"| {net} | {kind} | {row['ours']:,.0f} | {row['torch']:,.0f} | "
                         f"{row['ours'] / row['torch']:.2f} | {row['configuration']} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train-binary", required=True, help="the built train command")
    parser.add_argument("--net", action="append", choices=list(RECIPES), help="only this net (repeatable)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one of PyTorch's rounds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="also write every round here as JSON")
    options = parser.parse_args()
    results = {net: compare(net, options) for net in options.net or list(RECIPES)}
    print(table(results))
    worst = max(row["others"] for rows in results.values() for row in rows.values())
    if worst > LIMIT:
        print(f"\nOther programs took up to {worst:.0%} of the machine in a round: repeat this on an idle one.")
    if options.out:
        options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
