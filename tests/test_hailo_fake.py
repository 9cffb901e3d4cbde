"""The fake HailoRT itself: what a backend could do wrong, and that the fake would not forgive it.

As documented of 4.23 and 5.2; where the two differ, so does the fake.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.fakes.hailo_here import hailo_here
from tests.fakes.tiny_chips import tiny_hailo, tiny_hailo_maps

LINES = ["4.23.0", "5.2.0"]
NUMBERS = 3 * (1 + 5 * 100)  # of the tiny detector's output: three classes, 100 boxes each


@pytest.fixture(params=LINES)
def platform(request, monkeypatch):
    with hailo_here(monkeypatch, request.param) as found:
        yield found


def opened(platform: Any, folder: Path, **params: Any) -> SimpleNamespace:
    """One picture's worth of everything, scheduled unless `params` say otherwise."""
    asked = platform.VDevice.create_params()
    asked.scheduling_algorithm = platform.HailoSchedulingAlgorithm.ROUND_ROBIN
    for name, value in params.items():
        setattr(asked, name, value)
    network = platform.VDevice(asked).create_infer_model(str(tiny_hailo(folder).path))
    configured = network.configure()
    output = np.zeros(NUMBERS, np.float32)
    bindings = configured.create_bindings(output_buffers={network.output_names[0]: output})
    bindings.input().set_buffer(np.zeros((96, 128, 3), np.uint8))
    return SimpleNamespace(network=network, configured=configured, bindings=bindings, output=output)


def green(column: int) -> np.ndarray:
    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[:32, column * 32 : column * 32 + 32, 1] = 255
    return pixels


def test_the_default_has_a_scheduler_only_in_the_new_line(platform, tmp_path):
    default = platform.VDevice.create_params().scheduling_algorithm
    new = platform.world.version == "5.2.0"
    assert (default is platform.HailoSchedulingAlgorithm.ROUND_ROBIN) is new
    one = opened(platform, tmp_path, scheduling_algorithm=default)
    if new:
        one.configured.run_async([one.bindings]).wait(60_000)
        return
    with pytest.raises(platform.HailoRTException, match=r"see hailort\.log"):
        one.configured.run_async([one.bindings])
    one.configured.activate()
    one.configured.run_async([one.bindings]).wait(60_000)


def test_the_old_line_forgets_the_parameters_where_devices_are_named(platform):
    asked = platform.VDevice.create_params()
    asked.scheduling_algorithm = platform.HailoSchedulingAlgorithm.ROUND_ROBIN
    named = platform.VDevice(asked, device_ids=platform.Device.scan())
    assert named.scheduled is (platform.world.version == "5.2.0")


@pytest.mark.parametrize(
    "buffer",
    [
        np.zeros((96, 128, 4), np.uint8)[..., :3],  # has gaps
        np.zeros((96, 128, 3), np.uint8, order="F"),
        np.zeros((96, 128, 2), np.uint8),
        np.zeros((96, 128, 3), np.float32),
    ],
)
def test_a_buffer_is_whole_and_of_the_exact_size(platform, tmp_path, buffer):
    one = opened(platform, tmp_path)
    with pytest.raises(platform.HailoRTException):
        one.bindings.input().set_buffer(buffer)


def test_it_sees_what_is_in_the_buffer_that_was_bound_when_it_was_sent(platform, tmp_path):
    one = opened(platform, tmp_path)
    first, second = green(0), green(3)
    one.bindings.input().set_buffer(first)
    job = one.configured.run_async([one.bindings])
    one.bindings.input().set_buffer(second)  # too late: bindings are copied
    job.wait(60_000)
    rows = one.bindings.output().get_buffer(tf_format=False)
    np.testing.assert_allclose(rows[1], [[0, 0, 1 / 3, 0.25, 1]], atol=1e-6)
    assert (rows[0].shape, rows[0].dtype) == ((0, 5), np.float64)  # nobody
    assert np.shares_memory(rows[1], one.output)
    table = one.bindings.output().get_buffer(tf_format=True)
    assert table.shape == (3, 5, 100)
    np.testing.assert_array_equal(table[1, :, 0], rows[1][0])
    assert one.bindings.output().get_buffer(None) is one.output


def test_a_full_queue_is_refused_and_may_be_waited_for(platform, tmp_path):
    one = opened(platform, tmp_path)
    platform.world.stuck = True
    for _ in range(platform.world.queue):
        one.configured.wait_for_async_ready(timeout_ms=10, frames_count=1)
        one.configured.run_async([one.bindings])
    with pytest.raises(platform.HailoRTTimeout):
        one.configured.wait_for_async_ready(timeout_ms=10, frames_count=1)
    with pytest.raises(platform.HailoRTException, match=r"82 \(HAILO_QUEUE_IS_FULL\)"):
        one.configured.run_async([one.bindings])


def test_a_callback_that_raises_would_have_ended_the_process(platform, tmp_path):
    one = opened(platform, tmp_path)

    def wrong(completion_info: Any) -> None:
        raise ValueError(completion_info)

    one.configured.run_async([one.bindings], wrong).wait(60_000)
    one.configured.run_async([one.bindings], [].append).wait(60_000)  # takes no such name
    kinds = [type(error) for error in platform.world.callback_errors]
    platform.world.callback_errors.clear()
    assert kinds == [ValueError, TypeError]


def test_formats_that_do_not_fit_fail_when_it_is_configured(platform, tmp_path):
    device = platform.VDevice(platform.VDevice.create_params())
    boxes = device.create_infer_model(str(tiny_hailo(tmp_path).path))
    assert boxes.output().shape == (NUMBERS,)
    boxes.output().set_format_type(platform.FormatType.UINT8)
    with pytest.raises(platform.HailoRTException):
        boxes.configure()
    maps = device.create_infer_model(str(tiny_hailo_maps(tmp_path).path))
    assert [tuple(one.shape) for one in maps.outputs] == [(3, 4, 4), (3, 4, 3)]
    maps.outputs[0].set_nms_score_threshold(0.3)  # there is no NMS to have one
    with pytest.raises(platform.HailoRTException):
        maps.configure()
