"""What a report says of the machine: read from the kernel's files, or "not available"."""

import json
import math
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import board, readings
from benchmarks.board import ABSENT, accelerators, chip_of, drivers, hardware
from benchmarks.machine import report
from benchmarks.readings import Thermometer, Watch, clock_mhz, decoded, governor, zones


def files(folder: Path, **contents: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        (folder / name).write_text(text)
    return folder


def test_the_first_line_names_the_hardware(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(readings, "LOAD_AT_START", 0.0)
    out = tmp_path / "deep" / "table.json"
    report("What?", [{"": "x", "ms": 1.5}], out, {"model": {"name": "tiny"}})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("measured on ")
    assert lines[0].endswith("not a Raspberry Pi")
    assert lines[1] == "What?"
    assert "warning" not in lines[2]
    said = json.loads(out.read_text())
    assert said["rows"] == [{"": "x", "ms": 1.5}]
    assert said["model"] == {"name": "tiny"}
    assert said["versions"]["numpy"]
    assert set(said["readings"]) == {"before", "after"}
    assert said["machine"]["page size KiB"] in (4, 16, 64)


def test_a_board_is_named_by_its_device_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model"
    model.write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    monkeypatch.setattr(board, "MODEL", model)
    assert hardware().startswith("measured on Raspberry Pi 5 Model B Rev 1.0, ")
    assert "not a Raspberry Pi" not in hardware()


def test_a_busy_machine_is_said_to_have_been(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "LOAD_AT_START", 1000.0)
    report("What?", [{"": "x"}], None)
    said = capsys.readouterr().out.splitlines()[2]
    assert said.startswith("warning: the machine was busy: load average 1000.0")


@pytest.mark.parametrize(
    ("bits", "said"),
    [
        (math.nan, ABSENT),
        (0, "0x0 (none)"),
        (0x1, "0x1 (under-voltage)"),
        (
            0x50005,
            "0x50005 (under-voltage, throttled, under-voltage has occurred since boot, throttling",
        ),
        (0x80008, "0x80008 (soft temperature limit, soft temperature limit has been reached since"),
    ],
)
def test_throttling_is_decoded(bits: float, said: str) -> None:
    assert decoded(bits).startswith(said)


def test_without_vcgencmd_throttling_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "vcgencmd"
    monkeypatch.setattr(readings, "VCGENCMD", tool)
    assert math.isnan(readings.throttled())
    tool.write_text("#!/bin/sh\necho throttled=0x50000\n")
    tool.chmod(0o755)
    assert readings.throttled() == 0x50000
    tool.write_text("#!/bin/sh\necho VCHI initialization failed\nexit 1\n")
    assert math.isnan(readings.throttled())


def test_clock_governor_and_heat_are_read(tmp_path: Path) -> None:
    for core, khz in enumerate((1_500_000, 2_400_000)):
        files(
            tmp_path / f"cpu{core}" / "cpufreq",
            scaling_cur_freq=str(khz),
            scaling_governor="ondemand\n",
        )
    assert clock_mhz(tmp_path) == 1950
    assert governor(tmp_path) == "ondemand"
    files(tmp_path / "thermal_zone0", temp="61350\n", type="cpu-thermal\n")
    files(tmp_path / "thermal_zone1", type="broken")
    assert zones(tmp_path) == {"thermal_zone0 cpu-thermal": 61.35}
    assert readings.apex_c(tmp_path) != readings.apex_c(tmp_path)  # NaN
    files(tmp_path / "apex_0", temp="70500")
    assert readings.apex_c(tmp_path) == 70.5


def test_nothing_is_invented_where_nothing_can_be_read(tmp_path: Path) -> None:
    assert governor(tmp_path) == ABSENT
    assert zones(tmp_path) == {}
    assert accelerators(tmp_path, tmp_path) == []
    assert drivers(tmp_path) == {}


def test_a_chip_on_a_bus_tells_its_link_and_driver(tmp_path: Path) -> None:
    pci = files(
        tmp_path / "pci" / "0001:01:00.0",
        vendor="0x1e60\n",
        device="0x2864\n",
        current_link_speed="8.0 GT/s PCIe\n",
        current_link_width="1\n",
        max_link_speed="8.0 GT/s PCIe\n",
        max_link_width="4\n",
    )
    files(tmp_path / "pci" / "0000:00:00.0", vendor="0x1af4\n", device="0x1042\n")
    (tmp_path / "drivers" / "hailo").mkdir(parents=True)
    (pci / "driver").symlink_to(tmp_path / "drivers" / "hailo")
    files(tmp_path / "usb" / "2-1", idVendor="18d1\n", idProduct="9302\n", speed="5000\n")
    assert accelerators(tmp_path / "pci", tmp_path / "usb") == [
        {
            "chip": "Hailo",
            "link": "8.0 GT/s PCIe x1",
            "most": "8.0 GT/s PCIe x4",
            "driver": "hailo",
        },
        {"chip": "Coral (USB)", "link": "5000 Mbit/s"},
    ]
    files(tmp_path / "modules" / "hailo_pci", version="4.23.0\n")
    (tmp_path / "modules" / "gasket").mkdir()
    assert drivers(tmp_path / "modules") == {"hailo_pci": "4.23.0", "gasket": ABSENT}


def test_a_watch_reads_while_the_block_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "EVERY_S", 0.01)
    bits = iter([0.0, 1.0, 4.0])
    monkeypatch.setattr(readings, "throttled", lambda: next(bits, math.nan))
    monkeypatch.setattr(readings, "ASK_EVERY", 1)
    monkeypatch.setattr(readings, "snapshot", dict)
    with Watch(0.05) as watch:
        time.sleep(0.3)
    assert len(watch.column("rss_mib")) >= 3
    assert (watch.column("rss_mib") > 1).all()
    assert (watch.column("at_s")[1:] > watch.column("at_s")[:-1]).all()
    assert watch.bits() == 5  # what was seen at any time
    assert watch.told()["during"]["accelerator C"] == ABSENT


def test_a_hailo_is_asked_only_by_its_own_detector() -> None:
    asked = []

    class Control:
        def get_chip_temperature(self) -> SimpleNamespace:
            asked.append(True)
            return SimpleNamespace(ts0_temperature=61.0, ts1_temperature=63.5)

        def identify(self) -> SimpleNamespace:
            return SimpleNamespace(device_architecture="HAILO8L", serial_number="secret")

    watch = Watch(1)
    control = Thermometer(Control(), watch)
    assert math.isnan(watch.npu_c)
    assert not asked
    assert control.get_chip_temperature().ts1_temperature == 63.5
    assert watch.npu_c == 63.5
    said = chip_of(SimpleNamespace(_heat=SimpleNamespace(_control=control)))
    assert said["device_architecture"] == "HAILO8L"
    assert said["firmware_version"] == ABSENT
    assert "secret" not in str(said)
    assert chip_of(object()) == {}
