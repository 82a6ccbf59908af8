from pathlib import Path

import pytest

from perigee_api.heartbeat import Telemetry
from perigee_edge.report.telemetry import measure


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


SATELLITE = {
    "proc/meminfo": "MemTotal:        1016204 kB\nMemFree: 1 kB\nMemAvailable:     512000 kB\n",
    "proc/uptime": "5025.29 9876.5\n",
    "proc/loadavg": "0.37 0.20 0.10 1/200 4711\n",
    "proc/sys/kernel/random/boot_id": "3c7be0b1-2f0a-4d5c-9a5e-0d6d3c8f1c11\n",
    "sys/class/thermal/thermal_zone0/temp": "-12500\n",
    "sys/class/thermal/thermal_zone1/temp": "41250\n",
    "sys/class/power_supply/AC/type": "Mains\n",
    "sys/class/power_supply/BAT0/type": "Battery\n",
    "sys/class/power_supply/BAT0/capacity": "87\n",
    "sys/class/power_supply/BAT1/type": "Battery\n",
    "sys/class/power_supply/BAT1/capacity": "63\n",
}


def test_everything_a_satellite_has_is_told(tmp_path: Path) -> None:
    write(tmp_path, SATELLITE)
    measured = measure(tmp_path, tmp_path)
    assert measured.disk_free_mib is not None
    assert measured.model_copy(update={"disk_free_mib": None}) == Telemetry(
        memory_total_mib=992,
        memory_available_mib=500,
        load1=0.37,
        temperature_c=41.25,
        battery_percent=63,
        boot_id="3c7be0b1-2f0a-4d5c-9a5e-0d6d3c8f1c11",
        uptime_s=5025,
    )


def test_what_a_machine_does_not_have_is_left_out(tmp_path: Path) -> None:
    assert measure(tmp_path, tmp_path / "absent") == Telemetry()


@pytest.mark.parametrize("text", ["", "\n", "nonsense", "nan inf", "-1", "\x00\xff", "1e999"])
def test_figures_that_make_no_sense_are_left_out(tmp_path: Path, text: str) -> None:
    write(tmp_path, {name: text for name in SATELLITE if not name.endswith("type")})
    write(tmp_path, {"sys/class/power_supply/BAT0/type": "Battery"})
    measured = measure(tmp_path, tmp_path / "absent")
    without_boot = measured.model_copy(update={"boot_id": None, "temperature_c": None})
    assert without_boot == Telemetry()


def test_this_machine_can_be_measured(tmp_path: Path) -> None:
    measured = measure(Path("/"), tmp_path)
    assert measured.memory_total_mib
    assert measured.load1 is not None
    assert measured.uptime_s
