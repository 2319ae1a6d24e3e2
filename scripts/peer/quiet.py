"""How much of the machine other programs took while something was measured.

Two threads that wait for each other at every layer lose far more than the share that a neighbour takes,
so a round counts only if the machine was otherwise idle.
"""

import os
import resource
import time

LIMIT = 0.05  # share of all cores that others may take in a round that counts


class Watch:
    """Measures from its making on: others() is the share of all cores' time that went to other programs or other guests."""

    def __init__(self):
        self.start = self.snapshot()

    @staticmethod
    def snapshot():
        """Seconds on the clock, of all cores' work (with what the hypervisor took), and of this program and ended children."""
        with open("/proc/stat", encoding="ascii") as stat:
            user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
        busy = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        own = sum(usage.ru_utime + usage.ru_stime
                  for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        return time.perf_counter(), busy, own

    def others(self):
        clock, busy, own = (now - then for now, then in zip(self.snapshot(), self.start))
        return max(0.0, (busy - own) / (clock * os.cpu_count()))
