"""Prometheus: `/metrics` with the last release and Health (see docs/metrics.md).

Rule 1: the text is made when a release comes, not when somebody asks.
Rule 2: none of prometheus_client's default collectors (process, platform, garbage collector) is
registered: their figures follow the work per frame, hence the people in it.
Rule 3: the part about cells has one size whatever they say: a comment fills it up (P5).
"""

import errno
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from counter.cells import Cell
from counter.errors import OutputError
from counter.outputs.payloads import Count
from counter.outputs.prometheus.metrics import Family, cell_families, health_families
from counter.outputs.prometheus.server import DocumentServer
from counter.outputs.wire import Announcement, count_payload, widest
from counter.release import Health, ZoneCount
from counter.settings import PrometheusSettings

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # read by every Prometheus since 2014
SHORTEST_COMMENT = b"#\n"


class PrometheusOutput:
    """Serves once constructed. Raises OutputError when the port cannot be had."""

    def __init__(self, settings: PrometheusSettings, announcement: Announcement) -> None:
        self.broken = False  # whoever wants to know comes again
        self._interval_s = announcement.interval_s
        self._last: dict[Cell, Count | None] = dict.fromkeys(announcement.cells)
        longest = {cell: widest(announcement.sensor_id, cell) for cell in announcement.cells}
        self._cells_size = len(_text(cell_families(longest))) + len(SHORTEST_COMMENT)
        self._server = _listen(settings)
        self._server.body = self._document(None)
        self.address = (settings.host, settings.port)

    def publish(self, counts: Sequence[ZoneCount], health: Health) -> None:
        if counts:
            newest = max(count.interval.sequence for count in counts)
            for count in counts:
                if count.interval.sequence == newest and count.cell in self._last:
                    self._last[count.cell] = count_payload(count)
        self._server.body = self._document(health)

    def close(self, timeout_s: float = 5.0) -> None:
        """Free the port. Safe to call twice."""
        self._server.stop(timeout_s)

    def _document(self, health: Health | None) -> bytes:
        return _padded(self._last, self._cells_size) + _text(
            health_families(health, self._interval_s)
        )


def _padded(counts: Mapping[Cell, Count | None], size: int) -> bytes:
    text = _text(cell_families(counts))
    return text + b"#" + b" " * (size - len(text) - len(SHORTEST_COMMENT)) + b"\n"


def _text(families: Iterable[Family]) -> bytes:
    """Write families in the text format, through a registry of their own."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415  # a vendor
    from prometheus_client.metrics_core import GaugeMetricFamily  # noqa: PLC0415
    from prometheus_client.registry import Collector  # noqa: PLC0415

    class Once(Collector):
        def collect(self) -> "Iterator[Metric]":
            for family in families:
                gauge = GaugeMetricFamily(family.name, family.help, labels=family.labels)
                for labels, value in family.samples:
                    gauge.add_metric(list(labels), value)
                yield gauge

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Once())
    return generate_latest(registry)


def _listen(settings: PrometheusSettings) -> DocumentServer:
    where = f"{settings.host}:{settings.port}"
    try:
        return DocumentServer(settings.host, settings.port, "/metrics", CONTENT_TYPE)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise OutputError(
                f"prometheus.port: {where} is in use by another program",
                "choose another prometheus.port, or see who listens: ss -ltnp",
            ) from error
        raise OutputError(
            f"prometheus.host: cannot listen on {where}: {error.strerror}",
            "host is an address of this machine; ports below 1024 need a right of their own",
        ) from error
