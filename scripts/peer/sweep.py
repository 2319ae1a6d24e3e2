"""Measure PyTorch's configurations on the nets and print them, best first.

Every (layout, mode, threads, head) in fp32, then bf16 autocast apart; each in a process of its own.
    python sweep.py --out sweep.json
"""

import argparse
import itertools
import json
import subprocess
import sys
from pathlib import Path

from nets import RECIPES

BENCH = Path(__file__).with_name("bench.py")
KINDS = ("train", "forward")


def configurations(net):
    """Arguments of bench.py for each configuration of the net."""
    heads = ("conv", "linear") if RECIPES[net].has_linear else ("conv",)
    for layout, mode, threads, head in itertools.product(("channels-last", "nchw"), ("eager", "compile"), (2, 1), heads):
        yield ["--layout", layout, "--mode", mode, "--threads", str(threads), "--head", head]
    for layout in ("channels-last", "nchw"):
        yield ["--layout", layout, "--mode", "compile", "--freeze", "--kinds", "forward", "--head", heads[-1]]
        yield ["--layout", layout, "--mode", "compile", "--autotune", "--head", heads[-1]]
        yield ["--layout", layout, "--precision", "bf16"]
    yield ["--precision", "bf16", "--mode", "compile"]
    yield ["--optimizer", "foreach", "--kinds", "train"]


def run(net, arguments, seconds, rounds):
    """bench.py's result for one configuration, or None with the reason on standard error."""
    command = [sys.executable, str(BENCH), "--net", net, "--json", "--seconds", str(seconds), "--rounds", str(rounds)]
    done = subprocess.run(command + arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{net} {' '.join(arguments)}: failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def label(result):
    """The configuration in words."""
    words = [result["precision"], result["layout"], result["mode"], f"{result['threads']} threads", f"{result['head']} head"]
    words += [name for name in ("freeze", "autotune") if result[name]]
    return ", ".join(words + [f"{result['optimizer']} SGD"])


def table(results, net, kind):
    """Markdown rows of one net and kind, fastest median first."""
    measured = sorted((r for r in results if r["net"] == net and kind in r), key=lambda r: -r[kind]["median"])
    lines = [f"\n**{net}, {kind}**, images/s\n", "| configuration | median | best round | quiet rounds |", "|---|---|---|---|"]
    return lines + [f"| {label(r)} | {r[kind]['median']:,.0f} | {r[kind]['best']:,.0f} | "
                    f"{r[kind]['quiet']} of {len(r[kind]['rounds'])} |" for r in measured]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", action="append", choices=list(RECIPES), help="only this net (repeatable)")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="also write every round here as JSON")
    options = parser.parse_args()
    nets = options.net or list(RECIPES)
    results = []
    for net in nets:
        for arguments in configurations(net):
            result = run(net, arguments, options.seconds, options.rounds)
            if result is not None:
                results.append(result)
                print(label(result), {kind: round(result[kind]["median"]) for kind in KINDS if kind in result}, file=sys.stderr)
        for kind in KINDS:
            print("\n".join(table(results, net, kind)), flush=True)
        if options.out:
            options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
