"""What `counter check` prints: a configuration in words.

Nothing is opened but the model's file: a camera that is away does not make a configuration wrong.
"""

from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.table import Table

from counter import floorplan, masking, models, survey
from counter.backends import Choice, selected
from counter.cells import Cell, released_cells
from counter.config import Loaded
from counter.correction import correction_of
from counter.floor import Parameters, in_force
from counter.levels import SERVICE, service_bounds
from counter.outputs.wire import Topics, count_size
from counter.purposes import Measure
from counter.settings import Settings

UNBROKEN = 10_000  # columns: a topic or a path that is broken in two is copied wrong


def report(loaded: Loaded) -> str:
    """Say what would be released, on which grid, where to, and what to think about.

    Raises ModelError when the model cannot be used.
    """
    settings = loaded.settings
    rules = in_force(settings)
    lines = [
        f"{settings.sensor_id}: valid; purpose {settings.purpose}",
        f"grid     every {rules.interval_s} s from midnight UTC, all cells together, zeros too",
        f"gate     {_gate(rules)}",
        *_model(selected(settings.model)),
        *_crowd(settings),
        f"config   sha256 {loaded.sha256}",
        "",
        _text(_cells(settings)),
        *(f"floor    {line}" for line in _floors(settings)),
        *(f"service  {line}" for line in _service(settings)),
        *(f"masked   {line}" for line in _masked(settings)),
        *(f"correct  {line}" for line in _corrections(settings)),
        *(f"output   {line}" for line in _outputs(settings)),
        "never    a picture, a person, a track, an exact or small number, an instant",
    ]
    lines += [f"warning  {warning}" for warning in loaded.warnings]
    return "\n".join(lines)


def _model(choice: Choice) -> Sequence[str]:
    said = f"{choice.model.name} ({choice.model.entry.licence})"
    return (
        f"model    {said}, sha256 {choice.model.entry.fingerprint[:12]} verified",
        f"backend  {choice.backend}: {choice.reason}",
    )


def _crowd(settings: Settings) -> Sequence[str]:
    crowd = models.crowd(settings)
    if crowd is None or settings.crowd is None:
        return ()
    said = f"crowd    {crowd.name} ({crowd.entry.licence}), sha256 {crowd.entry.fingerprint[:12]}"
    return (f"{said} verified; from {settings.crowd.above} persons in a zone",)


def _gate(rules: Parameters) -> str:
    base = f"multiples of {rules.rounding}"
    if rules.coarse_from is not None:
        base += f" (of {rules.coarse_rounding} above {rules.coarse_from})"
    return (
        f'0 to {rules.threshold - 1} leave as "<{rules.threshold}"; others as {base},'
        f" at least {rules.lowest}; seen for less than {rules.min_coverage:.0%}: missing"
    )


def _cells(settings: Settings) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("released cell", "topic", "seats", "capacity", "m2", "bytes"):
        left = heading in ("released cell", "topic")
        table.add_column(heading, justify="left" if left else "right")
    topics = Topics(settings.sensor_id)
    for cell in released_cells(settings):
        table.add_row(
            _what(cell),
            topics.cell(cell),
            str(cell.seats or "-"),
            str(cell.capacity or "-"),
            f"{cell.area_m2:g}" if cell.area_m2 else "-",
            str(count_size(settings.sensor_id, cell)),
        )
    return table


def _what(cell: Cell) -> str:
    if cell.measure is Measure.OCCUPANCY:
        return f"persons in {cell.kind} {cell.name}"
    return f"{cell.measure} over {cell.kind} {cell.name}"


def _floors(settings: Settings) -> Sequence[str]:
    """How well each camera's floor is known, and the areas that follow from it."""
    found = []
    for name, camera in settings.cameras.items():
        known = floorplan.plan(name, camera)
        if known is None:
            continue
        many = len(known.errors_m)
        worst = f"off by {max(known.errors_m):.2f} m at most" if many > 4 else "none to check them"
        areas = [
            f"zone {zone} {floorplan.zone_area_m2(settings, zone):g} m2"
            f" (+-{survey.area_doubt(settings, zone):.0%})"
            for zone, drawn in settings.zones.items()
            if drawn.camera == name and not drawn.area_m2 and drawn.anchor == "foot"
        ]
        found.append("; ".join([f"camera {name}: {many} points, {worst}", *areas]))
    return found


def _service(settings: Settings) -> Sequence[str]:
    """The table that names a density."""
    if not any(cell.area_m2 for cell in released_cells(settings)):
        return []
    asked = settings.service
    bounds = ", ".join(
        f"{letter} to {bound:g}"
        for letter, bound in zip(SERVICE, service_bounds(asked), strict=False)
    )
    table = asked.table if asked.bounds is None else "own bounds"
    return [f"{table}: {bounds} persons per m2, F above"]


def _masked(settings: Settings) -> Sequence[str]:
    return [
        f"{masking.covered(camera.masks):.0%} of the picture of camera {name}, before anything"
        " looks at it"
        for name, camera in settings.cameras.items()
        if camera.masks
    ]


def _corrections(settings: Settings) -> Sequence[str]:
    found = []
    for cell in released_cells(settings):
        by = correction_of(settings, cell)
        if by is not None:
            bent = "" if by.power == 1 else f" to the power {by.power:g}"
            found.append(
                f"{_what(cell)}: times {by.gain:g}{bent}, off by {by.error:g} persons;"
                f" {by.tallies} counts by eye, {by.fitted}"
            )
    gains = {} if settings.crowd is None else settings.crowd.gains
    found += [f"zone {zone}: what the map counts, times {gain:g}" for zone, gain in gains.items()]
    return found


def _outputs(settings: Settings) -> Sequence[str]:
    found = []
    if settings.mqtt is not None:
        found.append(f"MQTT {settings.mqtt.protocol} to {settings.mqtt.url}")
    if settings.prometheus is not None:
        found.append(f"http://{settings.prometheus.host}:{settings.prometheus.port}/metrics")
    if settings.stdout:
        found.append("JSON lines on standard output")
    return found or ["none: counts would go nowhere (add [mqtt], [prometheus] or stdout = true)"]


def _text(drawn: RenderableType) -> str:
    console = Console(width=UNBROKEN, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(drawn)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
