"""What this product refuses to do, by name, and the words by which a configuration asks for it.

Rule 1: a refusal has a public name, says what is refused, and says what to do instead.
Rule 2: asking for a refused thing is answered with its name, not with "unknown key": the person
who wrote the key shall learn that it is not missing but refused.
Rule 3: words are looked for in keys that no setting has, in the purpose and in sources; never in
the names that people give to their zones, lines and cameras.
Rule 4: a model is refused by the same names, for what it knows of a person: its kind in the
registry, its classes, task and outputs as its file names them (`MODEL_WORDS`, detectors.features).
Faces, plates, bodies' outlines and keypoints are `biometric`; age, gender, clothing and mood are
`attribute`; embeddings, identities and columns that nobody explains are `individual-tracking`.
Rule 5: a row says who raises it: the configuration (all rows can be asked for by a key), a model,
`counter check --aim` (recognisable-people), `counter evaluate` (live-evaluation).
The list follows the position of the CNIL of 19 July 2022 on cameras that only make statistics.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from counter.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Refusal:
    what: str
    hint: str
    words: frozenset[str] = frozenset()  # parts of a key or of a purpose that ask for it


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


REFUSALS: Final[dict[str, Refusal]] = {
    "operational-purpose": Refusal(
        "counts are statistics; nothing may be set off by them",
        "publish the rounded counts and let people decide; alarms and actuators need a law",
        _words(
            "alert alerts alerting alarm alarms webhook webhooks relay gpio trigger triggers"
            " dispatch notify notification notifications actuator siren security surveillance"
            " enforcement policing crowd_control access_control"
        ),
    ),
    "biometric": Refusal(
        "no face, gait, body or number plate is read and nobody is identified",
        "remove the key: persons are counted, nothing about them is computed",
        _words(
            "face faces facial biometric biometrics gait identify identification recognition"
            " recognize recognise authentication watchlist blacklist whitelist keypoints skeleton"
            " number_plate number_plates license_plate license_plates licence_plate licence_plates"
        ),
    ),
    "individual-tracking": Refusal(
        "nobody is followed: tracks live in memory and are recycled",
        "use occupancy per zone, or entries and exits per line",
        _words(
            "dwell trajectory trajectories reid reidentification embedding embeddings appearance"
            " journey journeys path_of heatmap heatmaps queue_time waiting_time wait_time"
            " cross_camera track_ids track_id"
        ),
    ),
    "event-detection": Refusal(
        "no behaviour, object or offence is detected",
        "remove the key: persons are the only class that leaves the detector",
        _words(
            "luggage baggage abandoned litter littering offence offences offense intrusion"
            " loitering fall falls fight fights violence weapon weapons theft shoplifting wrong_way"
            " behaviour behavior anomaly anomalies graffiti smoking"
        ),
    ),
    "attribute": Refusal(
        "nothing about a person is estimated: no age, gender, clothing or mask",
        "remove the key; a mask rate needs a declared legal text and is not built",
        _words(
            "attribute attributes =age age_group age_groups ages gender genders sex ethnicity skin"
            " clothing clothes colour color emotion emotions mask_rate face_mask demographics"
        ),
    ),
    "image-egress": Refusal(
        "no picture leaves the process, not even for a moment",
        "counter check CONFIG --aim says in words how the cameras are aimed",
        _words(
            "snapshot snapshots picture pictures thumbnail thumbnails overlay overlays"
            " annotate annotated preview live_view liveview restream rebroadcast mjpeg webrtc hls"
            " record clip clips save_video save_frames video_out screenshot debug_frames"
        ),
    ),
    "event-egress": Refusal(
        "nothing is published per person or at its own moment",
        "read the released counts: all cells together on a fixed grid",
        _words(
            "=event =events crossing_events on_change on_event per_person per_event"
            " realtime_events crossings timestamps exact exact_counts raw raw_counts publish_on"
        ),
    ),
    "recording-source": Refusal(
        "pictures come from a dedicated camera that does not record",
        "use a camera of its own for counting; footage from a file is for tests and evaluation",
        _words("nvr dvr vms recorder recording recordings archive playback replay"),
    ),
    "small-zone": Refusal(
        "a count about a small group points at persons",
        "draw a larger zone, and leave threshold and rounding at the purpose's defaults",
    ),
    "short-window": Refusal(
        "a short interval tells who came when",
        "leave out interval_s to have the purpose's default",
        _words("sliding rolling sliding_window rolling_window window_s hop_s stride_s"),
    ),
    "overlapping-zones": Refusal(
        "two counts with the same people in them can be subtracted",
        "draw zones apart from each other (they may share an edge), or join them in one group",
        _words("=total totals subtotal subtotals =sum sums nested parent children"),
    ),
    "recognisable-people": Refusal(
        "people may not be so large in the picture that they could be recognised",
        "use a wider lens, a lower resolution, or hang the camera higher or further away",
        _words("close_up closeup closeups portrait portraits headshot headshots zoom_in"),
    ),
    "live-evaluation": Refusal(
        "exact numbers are compared with labels on recorded footage only",
        "use `counter evaluate` on a recorded clip whose people have agreed to it",
        _words("evaluate evaluation ground_truth truth =labels benchmark"),
    ),
}

# What a model's file calls a class, an output, a task or itself. Not every word of REFUSALS: a
# suitcase among 80 classes is dropped like the other 78, and nobody is known by it.
MODEL_WORDS: Final[dict[str, frozenset[str]]] = {
    "biometric": _words(
        "face faces facial eye eyes iris gait fingerprint landmark landmarks keypoint keypoints kpt"
        " kpts pose skeleton plate plates license_plate licence_plate number_plate lpr anpr"
        " recognition"
    ),
    "attribute": _words(
        "age ages gender genders sex male female man men woman women boy boys girl girls child"
        " children kid kids baby adult adults elderly ethnicity race skin emotion emotions happy"
        " sad angry surprised disgust neutral mask masks facemask nomask unmasked clothing clothes"
        " hardhat ppe no_helmet no_vest attribute attributes"
    ),
    "individual-tracking": _words(
        "id ids identity identities reid reidentification embedding embeddings embed embeds emb"
        " feature features feat feats descriptor descriptors appearance"
    ),
}

# How recorders name a stream of the past: ONVIF and vendors' manuals (RTSP playback paths of
# Hikvision, Dahua and their resellers; VIVOTEK's stime; archive paths of AxxonSoft).
_RECORDED: Final = re.compile(
    r"/playback|/streaming/tracks|/archive/|[?&](starttime|stime|recordingid|recording)=",
    re.IGNORECASE,
)


def refuse(name: str, message: str, hint: str = "") -> RefusedError:
    """Make the error of a refusal, to be raised where the key is known: it says where, what and
    why. Without a hint it has the table's. Raises KeyError for a name that is not in the table.
    """
    refusal = REFUSALS[name]
    why = "" if refusal.what in message else f"; {refusal.what}"
    return RefusedError(name, f"{message}{why}", hint or refusal.hint)


def asked_by(text: str) -> str | None:
    """Name the refusal that a key or a purpose asks for, if any.

    `alert-webhook` and `on_change` are read as words and as neighbouring pairs of words; a word of
    the table that begins with = is the whole key (`age`, but not `max_age_s`).
    """
    asked = _asked(text)
    for name, refusal in REFUSALS.items():
        if asked & refusal.words:
            return name
    return None


def known_by(text: str) -> str | None:
    """Name the refusal that a model's class, output or kind falls under, if any."""
    spoken = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)  # LicensePlate
    asked = _asked(spoken) | _asked(text)
    return next((name for name, words in MODEL_WORDS.items() if asked & words), None)


def _asked(text: str) -> set[str]:
    parts = [part for part in re.split(r"[^a-z0-9]+", text.lower()) if part]
    return {*parts, *(f"{a}_{b}" for a, b in pairwise(parts)), "=" + "_".join(parts)}


def is_recorded(source: str) -> bool:
    """Whether a stream's address asks a recorder for the past."""
    return "://" in source and _RECORDED.search(source) is not None
