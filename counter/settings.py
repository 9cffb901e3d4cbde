"""The typed settings: what a configuration may say, with units and defaults.

Rule 1: the types are closed; a key that is not here is an error, not a remark.
Rule 2: this file holds shapes and defaults; `config.py` reads TOML and says what is wrong.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from counter.guarantees import Guarantee
from counter.purposes import Purpose

Fraction = Annotated[float, Meta(ge=0, le=1)]
Point = tuple[Fraction, Fraction]  # x, y as fractions of the image, from its top left corner
Positive = Annotated[float, Meta(gt=0)]
Metres = Annotated[float, Meta(ge=-10_000, le=10_000)]  # on a floor; more are not metres
Seconds = Annotated[float, Meta(gt=0, le=86_400)]  # a day: more is a slip of the hand
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]  # safe in a topic and a label

MAX_PERSON_PX = 212
FPS_RANGE = (0.1, 240.0)  # outside of it a frame rate is a fault, not a rate
STANDING_PER_M2 = 4.0  # persons; the planning value of most rail operators (6 in some)


class FloorSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where points of the picture lie on the floor: what makes pixels metres."""

    picture: Annotated[list[Point], Meta(min_length=4, max_length=64)]  # where the floor is seen
    metres: Annotated[list[tuple[Metres, Metres]], Meta(min_length=4, max_length=64)]  # the same


class LensSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """OpenCV's camera model; fx and cx are fractions of the picture's width, fy and cy of its
    height, so that no size in pixels is needed.
    """

    focal: tuple[Positive, Positive]  # fx, fy
    centre: tuple[float, float]  # cx, cy
    distortion: Annotated[list[float], Meta(min_length=4, max_length=12)]  # k1, k2, p1, p2, k3 ...
    fisheye: bool = False  # four coefficients of cv2.fisheye instead


class CorrectionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person's counts on site say of ours: estimate = gain * seen ** power."""

    gain: Annotated[float, Meta(ge=0.2, le=5)] = 1.0
    power: Annotated[float, Meta(ge=0.5, le=2)] = 1.0
    error: Annotated[float, Meta(ge=0)]  # persons: root mean square of what is left
    tallies: Annotated[int, Meta(ge=8)]  # counts by eye it was fitted to; as evaluate.fit.LEAST
    fitted: str  # the day, RFC 3339 full-date


class CameraSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    source: str  # file, directory of images, /dev/video0, rtsp://..., synthetic:platform
    # Of a directory or synthetic source; a video file's own rate is overridden by it.
    fps: Annotated[float, Meta(ge=FPS_RANGE[0], le=FPS_RANGE[1])] | None = None
    size: tuple[int, int] | None = None  # width, height asked of a V4L2 or synthetic source
    seed: int = 7  # of a synthetic source
    people: Annotated[int, Meta(ge=0, le=200)] = 24  # mean crowd of a synthetic source
    stall_s: Seconds = 2.0  # a longer gap between frames is not covered
    # The same picture, bit for bit, for longer than this is not a picture. The longest such run of
    # a working camera in our footage is 0.2 s; but one that encodes a still scene alike would turn
    # an empty place into MISSING, and missing beside suppressed would tell nobody from somebody
    # (P7). A minute without any change makes that rare; a camera that hangs is noticed later.
    frozen_s: Seconds = 60.0
    floor: FloorSettings | None = None  # from pixels to metres
    lens: LensSettings | None = None  # straightens what the floor points are measured on
    # Polygons whose content is overwritten before anything looks at the picture (P17).
    masks: Annotated[
        list[Annotated[list[Point], Meta(min_length=3, max_length=64)]], Meta(max_length=64)
    ] = []
    # Height of a person in pixels of the source above which a face may be recognised: EN 62676-4
    # asks 125 pixels a metre to recognise somebody, which is 212 for a person of 1.70 m.
    # It can be lowered, not raised (P14).
    max_person_px: Annotated[int, Meta(ge=32, le=MAX_PERSON_PX)] = MAX_PERSON_PX


class ZoneSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    camera: Name
    polygon: Annotated[list[Point], Meta(min_length=3, max_length=64)]
    anchor: Literal["foot", "center", "head"] = "foot"  # the point of a box that stands for it
    seats: Annotated[int, Meta(ge=0)] = 0
    standing_m2: Annotated[float, Meta(ge=0)] = 0.0  # floor where passengers may stand
    standing_per_m2: Positive = STANDING_PER_M2
    # The whole zone; 0: from the camera's floor, or no density is released.
    area_m2: Annotated[float, Meta(ge=0)] = 0.0
    correction: CorrectionSettings | None = None

    @property
    def capacity(self) -> int:
        """Seats plus standing room, persons."""
        return self.seats + round(self.standing_m2 * self.standing_per_m2)


class LineSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    camera: Name
    # IN is from the left to the right of somebody who stands on the picture at the first point and
    # looks at the second: a line drawn left to right counts people who walk down the picture as IN.
    points: Annotated[list[Point], Meta(min_length=2, max_length=2)]
    anchor: Literal["foot", "center", "head"] = "foot"
    # Half width of the band around the line, in body heights.
    dead_band: Annotated[float, Meta(gt=0, le=1)] = 0.1
    correction: CorrectionSettings | None = None


class SpaceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A closed space: its occupancy is what went in over its lines, minus what came out."""

    lines: Annotated[list[Name], Meta(min_length=1)]  # IN of each leads into the space
    seats: Annotated[int, Meta(ge=0)] = 0
    standing_m2: Annotated[float, Meta(ge=0)] = 0.0
    standing_per_m2: Positive = STANDING_PER_M2
    area_m2: Annotated[float, Meta(ge=0)] = 0.0
    resets: list[str] = []  # times of day, UTC, "03:30": nobody is inside then
    quiet_s: Seconds = 3600.0  # without a crossing for so long: nobody is inside
    correction: CorrectionSettings | None = None

    @property
    def capacity(self) -> int:
        """Seats plus standing room, persons."""
        return self.seats + round(self.standing_m2 * self.standing_per_m2)


class CrowdSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second model for crowds too dense to be detected one by one."""

    model: str = "mcnn-a"
    above: Annotated[int, Meta(ge=1)] = 20  # persons in a zone from which its sum is believed
    # By zone: a person's counts on site over the map's sums. Heads of another size or light than
    # the model was trained on are missed or doubled by much the same share all day.
    gains: dict[Name, Annotated[float, Meta(ge=0.2, le=5)]] = {}


class ServiceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the letters A to F stand for; `levels.py` holds the tables and their sources."""

    table: Literal["fruin-standing", "fruin-walkway", "event"] = "fruin-standing"
    # Own bounds, persons per square metre: up to which A, B, C, D and E hold. Instead of a table.
    bounds: Annotated[list[Positive], Meta(min_length=5, max_length=5)] | None = None


class GroupSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    zones: Annotated[list[Name], Meta(min_length=2)]


class ModelSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "counter-n"
    backend: Literal[
        "auto", "hailo", "edgetpu", "openvino", "ncnn", "onnx", "tflite", "ultralytics"
    ] = "auto"
    confidence: Fraction = 0.25
    # NMS: boxes that overlap more are one person. 0.5, not 0.7 which finds the most: on PETS S2.L1
    # the occupancy error fell from 0.43 to 0.32 persons (yolo11n-640), 5.3 to 2.2 (counter-n).
    iou: Fraction = 0.5
    threads: Annotated[int, Meta(ge=0, le=64)] = 0  # 0: one per core


class TrackerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    confirm_frames: Annotated[int, Meta(ge=1, le=100)] = 2  # detections before a track is believed
    lost_s: Seconds = 1.0  # how long a track survives without a detection
    # Who has not moved at all for so long is a poster or a mannequin, and is not counted.
    still_s: Annotated[float, Meta(ge=10, le=86_400)] = 600.0
    max_tracks: Annotated[int, Meta(ge=1, le=4096)] = 512  # bound of the state; more are dropped


class DisclosureSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    threshold: int | None = None  # None: the purpose's default
    rounding: int | None = None
    min_coverage: Annotated[float, Meta(ge=0.5, le=1)] = 0.5  # less is MISSING
    # Which crossings of lines are released. Both directions of a line leave together or not at all,
    # so a crowd that goes one way is told only where one direction is asked for.
    directions: Literal["both", "in", "out"] = "both"


class MqttSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str  # mqtt://host:1883 or mqtts://host:8883
    protocol: Literal["5", "3.1.1"] = "5"
    client_id: str | None = None
    username_file: str | None = None  # credentials come from files (systemd credentials)
    password_file: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    keepalive_s: Annotated[int, Meta(ge=5, le=3600)] = 30
    queue_intervals: Annotated[int, Meta(ge=1, le=10_000)] = 120  # kept while the broker is away
    queue_max_age_s: Annotated[int, Meta(ge=60)] = 6 * 3600  # older ones are forgotten (P18)


class PrometheusSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 9464


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    site: Name
    device: Name
    purpose: Purpose
    interval_s: int | None = None  # None: the purpose's default
    starts_at: str | None = None  # RFC 3339; when footage begins. None: the last grid point
    cameras: dict[Name, CameraSettings]
    zones: dict[Name, ZoneSettings] = {}
    lines: dict[Name, LineSettings] = {}
    groups: dict[Name, GroupSettings] = {}
    spaces: dict[Name, SpaceSettings] = {}
    crowd: CrowdSettings | None = None
    service: ServiceSettings = ServiceSettings()
    model: ModelSettings = ModelSettings()
    tracker: TrackerSettings = TrackerSettings()
    disclosure: DisclosureSettings = DisclosureSettings()
    mqtt: MqttSettings | None = None
    prometheus: PrometheusSettings | None = None
    stdout: bool = False  # one JSON object a line
    ledger: str | None = None  # file of the hash-chained log of starts and stops
    accept_weaker_sandbox: list[Guarantee] = []  # guarantees that this machine may lack

    @property
    def sensor_id(self) -> str:
        return f"{self.site}/{self.device}"
