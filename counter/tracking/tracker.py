"""The tracker: predict, associate, update, forget (after ByteTrack, Zhang et al., ECCV 2022).

Rule 1: sure boxes meet believed tracks first; unsure boxes only continue a track, never begin one.
Rule 2: a track has a slot of a fixed pool, used again for somebody else; no number grows.
Rule 3: time is the frames' own (`captured_ns`): a dropped frame makes a longer step, nothing else.
Rule 4: the order of the boxes in a frame changes nothing.
"""

import numpy as np
from numpy.typing import NDArray

from counter.nearby import Indices
from counter.people import Detections, Tracks, TrackState
from counter.settings import TrackerSettings
from counter.tracking import kalman
from counter.tracking.assignment import Pairs, assign, corners, grown_iou

RULE = "tracks/2"  # goes out with every count: a tracker that follows otherwise has another name
FREE = -1  # a slot nobody has
TENTATIVE, CONFIRMED, LOST = map(int, TrackState)  # numpy takes long to see a number in a member
# Who may be matched with sure or unsure boxes, in this order, above which grown IoU. The gates are
# ByteTrack's published thresholds.
STAGES: tuple[tuple[tuple[int, ...], bool, float], ...] = (
    ((CONFIRMED, LOST), True, 0.2),
    ((CONFIRMED,), False, 0.5),
    ((TENTATIVE,), True, 0.3),
)
MARGIN = 1.0  # standard deviations by which boxes are grown
MARGIN_MOST = 0.25  # body heights: the filter may not reach across a crowd
UNSURE = 0.1  # boxes below this confidence are not looked at (ByteTrack)
SAME = 0.85  # a lost track under a seen one by this IoU is the same person (ByteTrack: 0.85)


class Tracker:
    """Follows the people of one camera. Holds at most `settings.max_tracks` tracks."""

    def __init__(self, settings: TrackerSettings, high: float = 0.25) -> None:
        """`high`: the confidence at which a box is sure, 0..1."""
        capacity = settings.max_tracks
        self._settings = settings
        self._high = high
        self._lost_ns = round(settings.lost_s * 1e9)
        self._states = np.zeros((capacity, 5, 4))
        self._state = np.full(capacity, FREE, np.int8)
        self._hits = np.zeros(capacity, np.int32)  # detections in a row, until confirmed
        self._seen_ns = np.zeros(capacity, np.int64)
        self._tracks: Tracks | None = None  # the last answer

    def update(self, people: Detections) -> Tracks:
        """Take one frame's people; give every track, tentative and lost ones too.

        The same instant twice changes nothing. An earlier instant is footage that began again:
        everybody is forgotten.
        """
        last = self._tracks
        if last is not None and people.captured_ns <= last.captured_ns:
            if people.captured_ns == last.captured_ns:
                return last
            self._state.fill(FREE)
        live = np.flatnonzero(self._state != FREE)
        if last is not None and len(live):
            step_s = (people.captured_ns - last.captured_ns) / 1e9
            # A velocity says nothing about where somebody is later than a track survives.
            self._states[live] = kalman.predict(
                self._states[live], min(step_s, self._settings.lost_s)
            )
        boxes, confidence = _sorted(people)
        free_boxes = self._associate(live, boxes, confidence, people.captured_ns)
        self._forget(live, people)
        born = self._begin(boxes[free_boxes], people.captured_ns)
        self._tracks = self._answer(born, people)
        return self._tracks

    def _associate(
        self, live: Indices, boxes: kalman.Boxes, confidence: NDArray[np.float32], now_ns: int
    ) -> Indices:
        """Match in three stages; give the sure boxes that nobody took."""
        sure = confidence >= self._high
        open_box = np.ones(len(boxes), np.bool_)
        if len(live) and len(boxes):
            pairs = self._pairs(live, boxes)
            state = self._state[live]
            open_track = np.ones(len(live), np.bool_)
            tracks, people = [], []
            for states, of_sure, gate in STAGES:
                may = open_track & _is_one_of(state, states)
                if not may.any():
                    continue
                likely = may[pairs.track] & (open_box & (sure == of_sure))[pairs.person]
                if not likely.any():
                    continue
                track, person = assign(Pairs(*(column[likely] for column in pairs)), gate)
                open_track[track], open_box[person] = False, False
                tracks.append(track)
                people.append(person)
            if not tracks:
                return np.flatnonzero(sure)
            slots, taken = live[np.concatenate(tracks)], boxes[np.concatenate(people)]
            self._states[slots] = kalman.correct(self._states[slots], taken)
            self._seen_ns[slots] = now_ns
            self._hits[slots] += 1
        return np.flatnonzero(sure & open_box)

    def _pairs(self, live: Indices, boxes: kalman.Boxes) -> Pairs:
        states = self._states[live]
        across, down = states[:, kalman.VAR_POSITION, 0], states[:, kalman.VAR_POSITION, 1]
        unsure = np.sqrt(np.maximum(across, down))
        margin = np.minimum(MARGIN * unsure, MARGIN_MOST * states[:, kalman.POSITION, 3])
        return grown_iou(corners(states[:, kalman.POSITION]), margin, corners(boxes))

    def _forget(self, live: Indices, people: Detections) -> None:
        """Set the state of every track that was there before this frame."""
        state = self._state[live]
        x, y = self._states[live, kalman.POSITION, :2].T
        unseen_ns = people.captured_ns - self._seen_ns[live]
        seen = unseen_ns == 0
        believed = (state != TENTATIVE) | (
            seen & (self._hits[live] >= self._settings.confirm_frames)
        )
        # Who was last seen on the way out of the picture has left it.
        in_picture = (x >= 0) & (x <= people.aspect) & (y >= 0) & (y <= 1.0)
        lost = believed & ~seen & (unseen_ns <= self._lost_ns) & in_picture
        state = np.where(seen, np.where(believed, CONFIRMED, TENTATIVE), FREE)
        state[lost] = LOST
        self._state[live] = state
        if lost.any() and seen.any():
            self._forget_doubles(live[lost], live[seen & believed])

    def _forget_doubles(self, lost: Indices, seen: Indices) -> None:
        """Drop lost tracks that lie under a seen one: they are the same person."""
        under = corners(self._states[lost, kalman.POSITION])
        over = corners(self._states[seen, kalman.POSITION])
        # Boxes that share so much are both nearly as wide as all that they cover.
        aside = (1 / SAME - 1) * (under[:, 2] - under[:, 0])
        if not (np.abs(under[:, :1] - over[:, 0]) <= aside[:, None]).any():
            return
        pairs = grown_iou(under, np.zeros(len(lost)), over)
        self._state[lost[pairs.track[pairs.similarity > SAME]]] = FREE

    def _begin(self, boxes: kalman.Boxes, now_ns: int) -> Indices:
        """Begin a track at each of `boxes`, the surest first, as far as there are slots."""
        slots = np.flatnonzero(self._state == FREE)[: len(boxes)]
        if len(slots):
            self._states[slots] = kalman.start(boxes[: len(slots)])
            self._state[slots] = CONFIRMED if self._settings.confirm_frames == 1 else TENTATIVE
            self._hits[slots] = 1
            self._seen_ns[slots] = now_ns
        return slots

    def _answer(self, born: Indices, people: Detections) -> Tracks:
        slot = np.flatnonzero(self._state != FREE)
        is_born = np.zeros(len(self._state), np.bool_)
        is_born[born] = True
        xyxy = corners(self._states[slot, kalman.POSITION])
        xyxy[:, ::2] /= people.aspect
        return Tracks(
            slot,
            self._state[slot],
            xyxy.astype(np.float32),
            is_born[slot],
            people.captured_ns,
            people.aspect,
        )


def _sorted(people: Detections) -> tuple[kalman.Boxes, NDArray[np.float32]]:
    """Boxes (N, 4) as centre and size in image heights, and confidences, surest first (Rule 4)."""
    xyxy, confidence = people.xyxy, people.confidence
    if not (confidence[1:] < confidence[:-1]).all():  # detectors give them in order, ties apart
        order = np.lexsort((*xyxy.T, -confidence))
        xyxy, confidence = xyxy[order], confidence[order]
    kept = int(np.count_nonzero(confidence >= UNSURE))
    boxes = xyxy[:kept].astype(np.float64)
    boxes[:, ::2] *= people.aspect
    boxes[:, 2:] -= boxes[:, :2]  # size
    boxes[:, :2] += boxes[:, 2:] / 2
    return boxes, confidence[:kept]


def _is_one_of(state: NDArray[np.int8], states: tuple[int, ...]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = state == states[0]
    for other in states[1:]:
        found |= state == other
    return found
