"""What the documents may say: gathered once, the same for every language.

Rule 1: no address of a camera and no path of a secret is here: how a camera is connected is enough.
Rule 2: nothing here is words; the templates say it.
"""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from counter import __version__, models
from counter.addresses import DEVICE_FOLDER, TRIALS, Link, form_of
from counter.backends import selected
from counter.cells import Cell, Kind, released_cells
from counter.config import Loaded
from counter.correction import correction_of
from counter.crosscheck import broker_address
from counter.floor import Parameters, in_force
from counter.guarantees import Guarantee
from counter.history import HOLD_S
from counter.models import Model
from counter.outputs.wire import EXPIRY_INTERVALS
from counter.purposes import RULES, Rule
from counter.reach import is_device, is_live
from counter.settings import CorrectionSettings, Settings


@dataclass(frozen=True, slots=True)
class Camera:
    name: str
    link: Link
    masks: int
    max_person_px: int
    password: bool  # stands in the address, and so in what config_sha256 is the hash of


@dataclass(frozen=True, slots=True)
class Broker:
    host: str
    port: int
    encrypted: bool
    expires: bool  # the broker forgets the last release after a while (MQTT 5)
    queue_intervals: int
    queue_max_age_s: int


@dataclass(frozen=True, slots=True)
class Facts:
    made: date
    config_sha256: str
    settings: Settings
    rule: Rule  # of the purpose: what is compiled in
    rules: Parameters  # what is in force
    cells: tuple[Cell, ...]
    cameras: tuple[Camera, ...]
    broker: Broker | None
    model: Model
    crowd: Model | None  # the density model beside it
    version: str = __version__

    @property
    def accepted(self) -> tuple[Guarantee, ...]:
        """Guarantees of the kernel that the configuration lets this machine lack."""
        return tuple(one for one in Guarantee if one in self.settings.accept_weaker_sandbox)

    @property
    def required(self) -> tuple[Guarantee, ...]:
        return tuple(one for one in Guarantee if one not in self.accepted)

    @property
    def software(self) -> tuple[str, str, str | None]:
        """What a report of a test must be of, to be of this device: version, and models' hashes."""
        crowd = None if self.crowd is None else self.crowd.entry.fingerprint
        return self.version, self.model.entry.fingerprint, crowd

    @property
    def swaps(self) -> bool:
        """Parts of pictures may be written to a disk, by the kernel."""
        return Guarantee.NO_SWAP in self.accepted

    @property
    def loose(self) -> bool:
        """The kernel may not enforce all of what the process gives up."""
        return any(one is not Guarantee.NO_SWAP for one in self.accepted)

    @property
    def unsure(self) -> bool:
        """That no picture is kept rests on less than the documents otherwise say."""
        return self.swaps or Guarantee.SECCOMP in self.accepted

    @property
    def passwords(self) -> tuple[str, ...]:
        """Cameras with a user name or a password in their address."""
        return tuple(camera.name for camera in self.cameras if camera.password)

    @property
    def places(self) -> tuple[str, ...]:
        """What a number is about, by name: zones, groups or lines."""
        return tuple(dict.fromkeys(cell.name for cell in self.cells))

    @property
    def crossings(self) -> bool:
        """Entries and exits are released, and no occupancy."""
        return any(cell.kind is Kind.LINE for cell in self.cells)

    @property
    def fills(self) -> bool:
        """A fill ratio and a level are released for some cell."""
        return any(cell.capacity for cell in self.cells)

    @property
    def densities(self) -> bool:
        return any(cell.area_m2 for cell in self.cells)

    @property
    def corrections(self) -> tuple[tuple[Cell, CorrectionSettings], ...]:
        """Each released number that a person's counts have measured, and what they found."""
        found = ((cell, correction_of(self.settings, cell)) for cell in self.cells)
        return tuple((cell, by) for cell, by in found if by is not None)

    @property
    def masks(self) -> int:
        return sum(camera.masks for camera in self.cameras)

    @property
    def links(self) -> frozenset[Link]:
        return frozenset(camera.link for camera in self.cameras)

    @property
    def trial(self) -> bool:
        """No live camera is configured: these papers describe a trial, not a place."""
        return self.links <= TRIALS

    @property
    def lowest_to(self) -> int:
        """The largest exact count for which the smallest released number stands."""
        rules = self.rules
        coarse = rules.coarse_from is not None and rules.lowest >= rules.coarse_from
        return rules.lowest + ((rules.coarse_rounding if coarse else rules.rounding) - 1) // 2

    @property
    def hold_s(self) -> int:
        """How long nothing is released after the grid was changed."""
        return HOLD_S

    @property
    def queue_s(self) -> int:
        """How long a release waits in memory for a broker that is away, at most."""
        if self.broker is None:
            return 0
        by_number = self.broker.queue_intervals * self.rules.interval_s
        return min(by_number, self.broker.queue_max_age_s)

    @property
    def expiry_s(self) -> int:
        return EXPIRY_INTERVALS * self.rules.interval_s


def gather(loaded: Loaded, made: date) -> Facts:
    """Gather them; the models' files are hashed. Raises ModelError."""
    settings = loaded.settings
    return Facts(
        made=made,
        config_sha256=loaded.sha256,
        settings=settings,
        rule=RULES[settings.purpose],
        rules=in_force(settings),
        cells=released_cells(settings),
        cameras=tuple(
            Camera(
                name=name,
                link=_link(camera.source),
                masks=len(camera.masks),
                max_person_px=camera.max_person_px,
                password=is_live(camera) and "@" in urlsplit(camera.source).netloc,
            )
            for name, camera in sorted(settings.cameras.items())
        ),
        broker=_broker(settings),
        model=selected(settings.model).model,
        crowd=models.crowd(settings),
    )


def _link(source: str) -> Link:
    """A device may have any path; but the papers are often made on another machine than the box,
    where it is not.
    """
    if is_device(source) or source.startswith(DEVICE_FOLDER):
        return Link.DEVICE
    return form_of(source).link


def _broker(settings: Settings) -> Broker | None:
    mqtt = settings.mqtt
    if mqtt is None:
        return None
    scheme, host, port = broker_address(mqtt)
    return Broker(
        host=host,
        port=port,
        encrypted=scheme == "mqtts",
        expires=mqtt.protocol == "5",
        queue_intervals=mqtt.queue_intervals,
        queue_max_age_s=mqtt.queue_max_age_s,
    )
