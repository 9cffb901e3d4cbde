"""Everything that happens before rights are given up, in its order.

Rule 1: nothing heavy is imported here: numpy and the runtimes start threads, and stage 1 of the
sandbox must come while there is one.
Rule 2: the sandbox is rehearsed in a child first, so that a machine that cannot give a guarantee is
refused before anything is written, opened or published, and the ledger can hold the proof.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from msgspec import UNSET, structs

from counter import __version__, accelerators, models
from counter.backends import BACKENDS, choose, selected
from counter.config import Loaded
from counter.errors import CounterError
from counter.guarantees import Guarantee
from counter.history import HOLD_S, Memory, Run, grid_sha256, not_before
from counter.ledger import Ledger, StartFacts, StopFacts
from counter.models import Model
from counter.reach import is_live, pinned, plan_of
from counter.sandbox import Enclosure, Plan, Proof, rehearse, require
from counter.service import Service
from counter.settings import Settings


@dataclass(frozen=True, slots=True)
class Start:
    """What is known when rights are given up."""

    loaded: Loaded  # cameras by address instead of by name
    model: Model
    enclosure: Enclosure | None  # None: all rights are kept
    service: Service
    not_before: datetime | None  # of live cameras: no interval that begins earlier is released
    ledger_head: str | None
    crowd: Model | None = None  # the second model, where the configuration has one


def begin(loaded: Loaded) -> Start:
    """Begin a run: rehearse, write the ledger, enter stage 1. Raises CounterError."""
    settings = loaded.settings
    model, crowd = selected(settings.model).model, models.crowd(settings)
    plan, opened = _prepared(loaded, model, crowd)
    proof = rehearse(plan)
    require(proof.missing, settings.accept_weaker_sandbox)
    service = Service.connect()
    _readied(settings, model)
    earliest, head = _remembered(loaded, model, crowd, proof)
    enclosure = _entered(plan, settings.accept_weaker_sandbox)
    return Start(opened, model, enclosure, service, earliest, head, crowd)


def begin_without_memory(
    loaded: Loaded, accepted: Collection[Guarantee], own_ports: Collection[int] = ()
) -> Start:
    """Begin a demonstration, or a look through the cameras: nothing is remembered of either.

    Live cameras release from their first whole interval on. `own_ports` are listened on and
    connected to besides (the demonstration's own broker). Raises CounterError.
    """
    model, crowd = selected(loaded.settings.model).model, models.crowd(loaded.settings)
    plan, opened = _prepared(loaded, model, crowd, own_ports)
    require(rehearse(plan).missing, accepted)
    _readied(loaded.settings, model)
    earliest = datetime.now(UTC) if _is_live(loaded.settings) else None
    enclosure = _entered(plan, accepted)
    return Start(opened, model, enclosure, Service(None, None), earliest, None, crowd)


def outlook(loaded: Loaded) -> Iterator[str]:
    """Say what a start on this machine would be like; nothing is given up, nothing is written.

    Raises CounterError for a configuration that could not start anywhere.
    """
    settings = loaded.settings
    model = selected(settings.model).model
    plan = plan_of(settings, model, crowd=models.crowd(settings))
    try:
        accelerators.ready(settings.model.backend, model)
    except CounterError as error:
        yield f"warning  it would not start here: {error.message}; {error.hint}"
    proof = rehearse(plan)
    # Where this command's own output goes says nothing of the service's.
    missing = tuple(one for one in proof.missing if one is not Guarantee.NO_INHERITED_FILES)
    proof = replace(proof, missing=missing)
    blocked, tried = sum(one.blocked for one in proof.attempts), len(proof.attempts)
    yield f"sandbox  {proof.level} on this machine: {blocked} of {tried} attempts were blocked"
    try:
        require(proof.missing, settings.accept_weaker_sandbox)
    except CounterError as error:
        yield f"warning  it would not start here: {error.message}; {error.hint}"
    if settings.ledger is None:
        yield (
            f"ledger   none: what ran cannot be shown, and a camera releases nothing for {HOLD_S} s"
            " after each start"
        )
        return
    path = Path(settings.ledger)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        yield f"warning  it would not start here: ledger {path} cannot be written by this user"
        return
    ledger = Ledger.open(path)
    yield f"ledger   {path}: head {ledger.head or 'none yet'}"


def unrestrained(loaded: Loaded) -> Start:
    """Begin with all rights and no memory, for tests and benchmarks. Raises ModelError."""
    model = selected(loaded.settings.model).model
    crowd = models.crowd(loaded.settings)
    return Start(loaded, model, None, Service(None, None), None, None, crowd)


def _prepared(
    loaded: Loaded, model: Model, crowd: Model | None, own_ports: Collection[int] = ()
) -> tuple[Plan, Loaded]:
    """Look names up; say what stays possible, and what to open."""
    cameras = {name: pinned(name, c) for name, c in loaded.settings.cameras.items()}
    settings = structs.replace(loaded.settings, cameras=cameras)
    opened = Loaded(settings, loaded.sha256, loaded.warnings)
    return plan_of(settings, model, own_ports, crowd), opened


def _entered(plan: Plan, accepted: Collection[Guarantee]) -> Enclosure:
    enclosure = Enclosure(plan, accepted)
    enclosure.enter()
    return enclosure


def _is_live(settings: Settings) -> bool:
    """Whether one of the cameras is no footage."""
    return any(is_live(camera) for camera in settings.cameras.values())


def _remembered(
    loaded: Loaded, model: Model, crowd: Model | None, proof: Proof
) -> tuple[datetime | None, str | None]:
    """Write the start into the ledger; say from when on may be released, and the ledger's head."""
    settings, now = loaded.settings, datetime.now(UTC)
    grid = grid_sha256(settings)
    ledger = None if settings.ledger is None else Ledger.hold(Path(settings.ledger))
    earliest = not_before(now, grid, memory_of(ledger)) if _is_live(settings) else None
    if ledger is None:
        return earliest, None
    facts = StartFacts(
        version=__version__,
        config_sha256=loaded.sha256,
        grid_sha256=grid,
        model=model.name,
        model_sha256=model.entry.fingerprint,
        crowd_model=UNSET if crowd is None else crowd.name,
        crowd_model_sha256=UNSET if crowd is None else crowd.entry.fingerprint,
        kernel=proof.kernel,
        landlock_abi=proof.landlock_abi,
        sandbox=proof.level,
        attempts=len(proof.attempts),
        attempts_blocked=sum(attempt.blocked for attempt in proof.attempts),
    )
    return earliest, ledger.started(facts, now)


def _readied(settings: Settings, model: Model) -> None:
    """Do what is not possible in stage 1. Raises ModelError.

    A chip whose library may crash is tried in another process. And the one exception to Rule 1:
    what has to write while it is imported comes first; told to, it starts no thread.
    """
    accelerators.ready(settings.model.backend, model)
    if not BACKENDS[choose(settings.model, model).backend].writes:
        return
    os.environ.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})
    from counter.detectors.ultralytics import packages  # noqa: PLC0415

    packages()


def memory_of(ledger: Ledger | None) -> Memory:
    """Read the earlier runs out of the ledger; what was archived is a run of which the grid is not
    known, and which ended when it was archived.
    """
    if ledger is None:
        return None
    runs: list[Run] = []
    for record in ledger.records:
        at = datetime.fromisoformat(record.at)
        if isinstance(record.facts, StartFacts):
            runs.append(Run(record.facts.grid_sha256, at))
        elif isinstance(record.facts, StopFacts):
            runs[-1] = replace(runs[-1], stopped=at)
        else:
            runs.append(Run("", at, at))
    return runs
