"""What the satellite measures of itself, from /proc, /sys and the disk.

A container sees its node's figures there. What a machine does not have is left out.
"""

import os
from pathlib import Path

from perigee_api.heartbeat import Telemetry

_MIB = 1 << 20


def measure(root: Path, state_directory: Path) -> Telemetry:
    """Read everything there is.

    Args:
        root: Where `proc` and `sys` are mounted: ``/`` but in tests.
        state_directory: On the disk whose room counts.
    """
    memory = _memory_mib(_text(root / "proc/meminfo"))
    uptime_s = _first_number(_text(root / "proc/uptime"))
    return Telemetry(
        memory_total_mib=memory.get("MemTotal"),
        memory_available_mib=memory.get("MemAvailable"),
        disk_free_mib=_disk_free_mib(state_directory),
        load1=_first_number(_text(root / "proc/loadavg")),
        temperature_c=_hottest_c(root / "sys/class/thermal"),
        battery_percent=_emptiest_battery_percent(root / "sys/class/power_supply"),
        boot_id=_text(root / "proc/sys/kernel/random/boot_id").strip()[:36] or None,
        uptime_s=None if uptime_s is None else int(uptime_s),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", errors="replace")
    except OSError:
        # Sensors come and go, and some answer EIO or ENODATA while they sleep.
        return ""


def _first_number(text: str) -> float | None:
    """The number that a text begins with, if it is a sensible one (0 or more)."""
    words = text.split(maxsplit=1)
    try:
        number = float(words[0]) if words else -1.0
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _memory_mib(meminfo: str) -> dict[str, int]:
    fields = (line.partition(":") for line in meminfo.splitlines())
    return {
        name: int(kib) // 1024
        for name, _, rest in fields
        if (kib := rest.removesuffix("kB").strip()).isdecimal()
    }


def _disk_free_mib(directory: Path) -> int | None:
    try:
        disk = os.statvfs(directory)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize // _MIB


def _hottest_c(thermal: Path) -> float | None:
    millidegrees = [_text(path).strip() for path in thermal.glob("thermal_zone*/temp")]
    return max(
        (int(one) / 1000 for one in millidegrees if one.removeprefix("-").isdecimal()),
        default=None,
    )


def _emptiest_battery_percent(power_supply: Path) -> float | None:
    percents = [
        _first_number(_text(supply / "capacity"))
        for supply in power_supply.glob("*")
        if _text(supply / "type").strip() == "Battery"
    ]
    return min((one for one in percents if one is not None and one <= 100), default=None)  # noqa: PLR2004 - percent
