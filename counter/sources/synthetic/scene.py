"""A synthetic place with people: pixels for the caller's buffer and the exact truth about them.

Rule 1: the same arguments give the same bytes and the same truth, frame by frame.
Rule 2: no picture is kept: the empty background is, people are drawn into the caller's buffer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.sources.synthetic import backdrop, chance, layout
from counter.sources.synthetic.camera import Camera, aim
from counter.sources.synthetic.figure import Tailor
from counter.sources.synthetic.painter import MOST, Painted, Painter, contact_shadows
from counter.sources.synthetic.person import Person, pose_of
from counter.sources.synthetic.sensor import Development, Sensor, vignette
from counter.sources.synthetic.shapes import Crowd, Stand, outlines
from counter.sources.synthetic.surfaces import Sprite, fixed, lay, sprite
from counter.sources.synthetic.textures import Image
from counter.sources.synthetic.truth import Truth
from counter.sources.synthetic.world import World

Kind = Literal["platform", "carriage", "random"]
NEAREST_M: Final = 0.9  # people nearer to the lens than this are not drawn
SHADOW: Final = 0.42


@dataclass(frozen=True)
class SceneSettings:
    """kind of place; seed; size (width, height) in pixels; fps; people present on average."""

    kind: Kind = "platform"
    seed: int = 7
    size: tuple[int, int] = (640, 360)
    fps: float = 10.0
    people: float = 18


class Scene:
    """render() fills a buffer with the next frame and tells the truth about it."""

    def __init__(
        self,
        *,
        kind: Kind = "platform",
        seed: int = 7,
        size: tuple[int, int] = (640, 360),
        fps: float = 10.0,
        people: float | None = None,
    ) -> None:
        rng = np.random.default_rng([seed, len(kind)])
        self.settings = SceneSettings(kind, seed, size, fps, 18 if people is None else people)
        plan, stage, sensor = _plan(kind, rng, size)
        crowd = self.settings.people
        if kind == "random" and people is None:
            crowd = chance.crowd(rng)
        self._camera = aim(plan.mount, size)
        self._background = _paint_set(plan, stage, sensor, size)
        self._sprites = _solids(self._camera, stage)
        self._doorways = _doorway_mask(self._camera, plan)
        self._layout = plan
        self._world = World(plan, rng, crowd)
        self._develop = Development(sensor, size)
        self._painter = Painter(size)
        self._rng = rng
        self._frame = 0

    def render(self, out: Image) -> Truth:
        """Overwrites out (height, width, 3) uint8 BGR with the next frame."""
        width, height = self.settings.size
        if out.shape != (height, width, 3) or out.dtype != np.uint8:
            raise ValueError(f"out is {out.shape} {out.dtype}, expected {(height, width, 3)} uint8")
        if self._frame:
            self._world.step(1 / self.settings.fps)
        people = self._near_enough()
        np.copyto(out, self._background)
        self._painter.begin()
        crowd = self._outlines(people)
        painted = self._paint(out, people, crowd)
        truth = self._truth(people, crowd, painted)
        self._develop.apply(out, self._rng)
        self._frame += 1
        return truth

    def labels(self) -> Image:
        """(height, width) of the last frame: 0 where nobody is seen, else a label a person."""
        return self._painter.labels

    def _near_enough(self) -> list[Person]:
        """People before the lens, not so near that they fill it."""
        if not self._world.people:
            return []
        at = np.array([(p.x, p.y, 0.9) for p in self._world.people])
        eye = (at - self._camera.position_m) @ self._camera.rotation.T
        kept = [
            p for p, depth in zip(self._world.people, eye[:, 2], strict=True) if depth > NEAREST_M
        ]
        return kept[:MOST]

    def _outlines(self, people: list[Person]) -> Crowd | None:
        if not people:
            return None
        stand = Stand(
            floor=np.array([(p.x, p.y) for p in people]),
            heading=np.array([p.heading for p in people]),
            poses=np.array([pose_of(p) for p in people]),
            looks=tuple(p.look for p in people),
        )
        return outlines(self._camera, stand)

    def _paint(self, out: Image, people: list[Person], crowd: Crowd | None) -> list[Painted]:
        """Everyone and every solid, far ones first."""
        if crowd is None:
            for sprite_ in sorted(self._sprites, key=lambda s: -s.range_m):
                self._painter.solid(out, sprite_)
            return []
        contact_shadows(out, self._shadows(people), SHADOW)
        tailor = Tailor(crowd, tuple(p.look for p in people))
        queue: list[tuple[float, int, Sprite | None]] = [
            (float(reach), index, None) for index, reach in enumerate(crowd.range_m)
        ]
        queue += [(solid.range_m, -1, solid) for solid in self._sprites]
        painted: dict[int, Painted] = {}
        for _, index, solid in sorted(queue, key=lambda item: -item[0]):
            if solid is not None:
                self._painter.solid(out, solid)
                continue
            clip = None if self._indoors(people[index]) else self._doorways
            painted[index] = self._painter.person(
                out, tailor.pieces(index), (index + 1, people[index].look.grain), clip
            )
        return [painted[index] for index in range(len(people))]

    def _indoors(self, person: Person) -> bool:
        left, near, right, far = self._layout.area
        return left <= person.x <= right and near <= person.y <= far

    def _shadows(self, people: list[Person]) -> NDArray[np.float64]:
        turn = np.arange(10) * (2 * np.pi / 10)
        disc = np.stack([0.3 * np.cos(turn) + 0.05, 0.2 * np.sin(turn), np.zeros(10)], axis=-1)
        inside = [p for p in people if self._indoors(p)]
        if not inside:
            return np.empty((0, 10, 2))
        places = np.array([(p.x, p.y, 0.0) for p in inside])
        points, _ = self._camera.project(places[:, None] + disc)
        return points

    def _truth(self, people: list[Person], crowd: Crowd | None, painted: list[Painted]) -> Truth:
        size = np.array(self.settings.size, dtype=np.float64)
        boxes = np.array([p.box for p in painted]).reshape(-1, 4) / np.tile(size, 2)
        clipped = np.clip(boxes, 0, 1)
        shows = (clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1])
        area = np.array([max(p.area_px, 1.0) for p in painted]).reshape(-1)
        visible = np.clip(self._painter.seen(len(people)) / area, 0, 1)
        foot = crowd.foot / size if crowd is not None else np.empty((0, 2))
        floor = crowd.floor if crowd is not None else np.empty((0, 2))
        who = np.array([p.identity for p in people], dtype=np.int64)
        return Truth(
            frame=self._frame,
            seconds=self._frame / self.settings.fps,
            xyxy=clipped[shows].astype(np.float32),
            visible=visible[shows].astype(np.float32),
            person=who[shows],
            foot=foot[shows].astype(np.float32),
            floor=floor[shows].astype(np.float32),
        )


def _plan(
    kind: Kind, rng: np.random.Generator, size: tuple[int, int]
) -> tuple[layout.Layout, backdrop.Set, Sensor]:
    if kind == "platform":
        return layout.PLATFORM, backdrop.platform(rng), Sensor()
    if kind == "carriage":
        return layout.CARRIAGE, backdrop.carriage(rng), Sensor()
    if kind == "random":
        return chance.place(rng, size)
    raise ValueError(f"kind is {kind!r}, expected platform, carriage or random")


def _paint_set(
    plan: layout.Layout, stage: backdrop.Set, sensor: Sensor, size: tuple[int, int]
) -> Image:
    """The empty place; painted larger and shrunk where the layout says so, against stair steps."""
    width, height = (plan.fineness * side for side in size)
    camera = aim(plan.mount, (width, height))
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = stage.sky
    for plane in stage.planes:
        lay(picture, camera, plane)
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    vignette(small, sensor.vignette)
    return small


def _solids(camera: Camera, stage: backdrop.Set) -> tuple[Sprite, ...]:
    made = (sprite(camera, faces, stand) for faces, stand in stage.solids)
    return tuple(solid for solid in made if solid is not None)


def _doorway_mask(camera: Camera, plan: layout.Layout) -> Image:
    """255 where a person outside the walls can be seen."""
    width, height = camera.size
    mask = np.zeros((height, width), np.uint8)
    if not plan.doorways:
        mask[:] = 255
    for opening in plan.doorways:
        outline = camera.outline(np.array(opening))
        if len(outline) >= 3:
            cv2.fillPoly(mask, [fixed(np.clip(outline, -9000, 9000))], 255, cv2.LINE_8, 4)
    return mask
