"""What processes use of the machine."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from real_fleet.programs import resident_mib

TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
KIB_A_MB: Final = 1e6 / 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """What processes have used so far, together."""

    cpu_s: float
    waited_s: float
    """Their first threads were ready to run and had no core."""
    ran_s: float
    """Their first threads had one."""
    memory_mb: float
    """What is resident, now; 10^6 bytes."""

    def since(self, before: "Usage") -> "Usage":
        """What came on top; memory as it is now."""
        return Usage(
            self.cpu_s - before.cpu_s,
            self.waited_s - before.waited_s,
            self.ran_s - before.ran_s,
            self.memory_mb,
        )

    @property
    def waiting_share(self) -> float:
        """Of the time in which the first threads could have run."""
        return self.waited_s / max(self.waited_s + self.ran_s, 1e-9)


def usage(pids: Iterable[int]) -> Usage:
    """Of these processes, which must be alive; see proc(5) and the kernel's sched-stats."""
    cpu_s = waited_s = ran_s = memory_mb = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        cpu_s += (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
        ran_ns, waited_ns, _ = map(int, Path(f"/proc/{pid}/schedstat").read_text().split())
        ran_s += ran_ns / 1e9
        waited_s += waited_ns / 1e9
        memory_mb += resident_mib(pid) * 1024 / KIB_A_MB
    return Usage(cpu_s, waited_s, ran_s, memory_mb)
