"""Images per second of PyTorch on one of the nets: training step and forward pass at batch 100.

One process measures one configuration, since threads, the heap's settings and the compiler's state belong to a process.
    python bench.py --net nin-cifar10 --layout channels-last --mode eager --threads 2 --json
With --serve it stays warm and measures one round for each line "train SECONDS" or "forward SECONDS" on its standard input,
which is how compare.py interleaves it with another program.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time

from quiet import LIMIT, Watch

# glibc's heap: never hand memory back and never map a tensor afresh, else page faults halve the figures of large nets.
HEAP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**46), "MALLOC_TOP_PAD_": str(2**28)}
BATCH = 100
BATCHES = 4  # distinct batches that the steps go round
TRIES = 5


def keep_heap():
    """Start this program again with HEAP in its environment, if it is not there: glibc reads it only at start."""
    if any(os.environ.get(name) != value for name, value in HEAP.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **HEAP})


class Runner:
    """A net in one configuration, with its training step and its forward pass.

    layout: nchw or channels-last. mode: eager or compile. precision: fp32 or bf16 (autocast; weights stay fp32).
    head: conv or linear, see nets.Recipe. optimizer: fused, foreach or loop. freeze: in the compiled forward pass,
    weights are constants that are packed once.
    """

    def __init__(self, options):
        import torch
        from nets import RECIPES, parameter_groups

        self.torch = torch
        torch.set_num_threads(options.threads)
        torch.set_flush_denormal(True)
        torch.manual_seed(1)
        recipe = RECIPES[options.net]
        memory = torch.channels_last if options.layout == "channels-last" else torch.contiguous_format
        self.bf16 = options.precision == "bf16"
        self.net = recipe.build(options.head == "linear").to(memory_format=memory)
        self.optimizer = torch.optim.SGD(
            parameter_groups(self.net, recipe.rate), lr=recipe.rate, momentum=0.9, weight_decay=recipe.decay,
            fused=options.optimizer == "fused", foreach=options.optimizer == "foreach")
        self.images = [torch.randn(BATCH, *recipe.image).to(memory_format=memory) for _ in range(BATCHES)]
        self.labels = [torch.randint(0, 10, (BATCH,)) for _ in range(BATCHES)]
        self.loss, self.infer = self.mean_loss, self.net
        if options.mode == "compile":
            import torch._inductor.config as inductor

            inductor.freezing = options.freeze
            inductor.max_autotune = options.autotune
            self.loss = torch.compile(self.mean_loss, dynamic=False)
            self.infer = torch.compile(self.net, dynamic=False)

    def autocast(self):
        return self.torch.autocast("cpu", self.torch.bfloat16, enabled=self.bf16)

    def mean_loss(self, x, labels):
        return self.torch.nn.functional.cross_entropy(self.net(x), labels)

    def train(self, steps):
        """Seconds of `steps` training steps: gradients cleared, forward, backward, update."""
        self.net.train()
        begin = time.perf_counter()
        for step in range(steps):
            self.optimizer.zero_grad(set_to_none=True)
            with self.autocast():
                loss = self.loss(self.images[step % BATCHES], self.labels[step % BATCHES])
            loss.backward()
            self.optimizer.step()
        seconds = time.perf_counter() - begin
        if not math.isfinite(loss.item()):
            raise ArithmeticError("the loss is not finite: the figures of this run mean nothing")
        return seconds

    def forward(self, steps):
        """Seconds of `steps` forward passes in evaluation mode, logits only."""
        self.net.eval()
        with self.torch.inference_mode(), self.autocast():
            begin = time.perf_counter()
            for step in range(steps):
                self.infer(self.images[step % BATCHES])
            return time.perf_counter() - begin

    def round(self, kind, seconds):
        """One round of about `seconds` of the kind, train or forward: images per second, and others' share of the machine."""
        run = getattr(self, kind)
        steps = max(1, round(seconds / self.step_seconds(kind)))
        watch = Watch()
        rate = BATCH * steps / run(steps)
        return {"rate": rate, "others": watch.others()}

    def step_seconds(self, kind):
        """Seconds of one step, measured once after a warm-up that also compiles."""
        name = "_" + kind
        if not hasattr(self, name):
            run = getattr(self, kind)
            run(3)
            setattr(self, name, min(run(2) / 2 for _ in range(2)))
        return getattr(self, name)


def serve(runner):
    """Answer each line "KIND SECONDS" of standard input with a round as JSON."""
    for line in sys.stdin:
        kind, seconds = line.split()
        print(json.dumps(runner.round(kind, float(seconds))), flush=True)


def measure(runner, options):
    """The configuration and, for each kind of step, the median and best of its quiet rounds.

    Rounds that others disturbed are measured again, TRIES times as many in all; if all were disturbed, all count.
    """
    result = {name: getattr(options, name) for name in
              ("net", "layout", "mode", "threads", "precision", "head", "optimizer", "freeze", "autotune")}
    result["torch"] = runner.torch.__version__
    for kind in options.kinds.split(","):
        rounds, quiet = [], []
        while len(quiet) < options.rounds and len(rounds) < TRIES * options.rounds:
            rounds.append(runner.round(kind, options.seconds))
            quiet = [taken["rate"] for taken in rounds if taken["others"] <= LIMIT]
        rates = quiet or [taken["rate"] for taken in rounds]
        result[kind] = {"median": statistics.median(rates), "best": max(rates), "quiet": len(quiet), "rounds": rounds}
    return result


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", required=True, choices=["lenet-mnist", "lenet-cifar10", "nin-cifar10", "vgg-small", "resnet20-cifar10"])
    parser.add_argument("--layout", default="channels-last", choices=["nchw", "channels-last"])
    parser.add_argument("--mode", default="eager", choices=["eager", "compile"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--head", default="conv", choices=["conv", "linear"])
    parser.add_argument("--optimizer", default="fused", choices=["fused", "foreach", "loop"])
    parser.add_argument("--freeze", action="store_true", help="compiled forward pass only: weights are constants")
    parser.add_argument("--autotune", action="store_true", help="compile: choose kernels by timing them")
    parser.add_argument("--kinds", default="train,forward", help="train, forward or both, with a comma")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a round")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", action="store_true", help="measure a round for each line of standard input")
    return parser.parse_args(arguments)


def main():
    keep_heap()
    options = parse()
    runner = Runner(options)
    if options.serve:
        serve(runner)
        return
    result = measure(runner, options)
    if options.json:
        print(json.dumps(result))
        return
    for kind in options.kinds.split(","):
        print(f"{options.net} {kind}: {result[kind]['median']:.0f} images/s "
              f"(best round {result[kind]['best']:.0f}, {result[kind]['quiet']} quiet rounds)")


if __name__ == "__main__":
    main()
