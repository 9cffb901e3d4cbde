"""Devices: the chip as such, and the virtual device that runs networks."""

from types import SimpleNamespace
from typing import Any

from .errors import HailoRTException, HailoRTStatusException, fail
from .infer_model import InferModel
from .made import Hef
from .world import HailoSchedulingAlgorithm, world


class _Control:
    def __init__(self, name: str) -> None:
        self._name = name

    def identify(self) -> SimpleNamespace:
        return SimpleNamespace(device_architecture=world.chips[self._name].architecture)

    def get_chip_temperature(self) -> SimpleNamespace:
        world.check("temperature")
        celsius = world.chips[self._name].celsius
        return SimpleNamespace(ts0_temperature=celsius, ts1_temperature=celsius - 0.5)


class Device:
    def __init__(self, device_id: str | None = None) -> None:
        world.check_bare("device")
        found = Device.scan()
        if device_id is None and not found:
            raise HailoRTException("HailoRT device not found in the system")
        name = device_id or found[0]
        if world.chips[name].in_use:
            raise HailoRTStatusException("73")
        self._control = _Control(name)
        world.opened.append("device")

    @staticmethod
    def scan() -> list[str]:
        world.check_bare("scan")
        return list(world.chips)

    @property
    def control(self) -> _Control:
        return self._control

    def release(self) -> None:
        world.closed.append("device")


class VDevice:
    def __init__(self, params: Any = None, *, device_ids: list[str] | None = None) -> None:
        world.check("vdevice")
        self.chip = world.first_chip()
        if device_ids is not None and not world.new_line:
            params = None  # 4.23 ignores them then
        self.params = params or VDevice.create_params()
        self.released = False
        world.opened.append("vdevice")

    @staticmethod
    def create_params() -> SimpleNamespace:
        return world.params()

    @property
    def scheduled(self) -> bool:
        algorithm = self.params.scheduling_algorithm
        return bool(algorithm is HailoSchedulingAlgorithm.ROUND_ROBIN)

    def create_infer_model(self, hef_source: str, name: str = "") -> InferModel:
        del name
        if self.released:
            fail(6)
        world.check("model")
        hef = Hef.read(hef_source)
        if hef is None:
            fail(26)
        assert hef is not None
        if self.chip.architecture not in hef.runs_on:
            fail(93)
        return InferModel(self, hef)

    def release(self) -> None:
        if not self.released:
            self.released = True
            world.closed.append("vdevice")
