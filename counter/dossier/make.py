"""Make a dossier in a folder, and lose nobody's work.

Rule 1: a document that was edited since it was made, or that is not ours, is not overwritten
without being told to.
Rule 2: the manifest is written last: a dossier that was cut off half-way is not called current.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from counter import __version__, config
from counter.dossier import manifest, qr
from counter.dossier.evidence import Proof, read_ledger, read_report
from counter.dossier.facts import Facts, gather
from counter.dossier.fields import FIELDS
from counter.dossier.manifest import File, Manifest
from counter.dossier.pages import Evidence, Page, pages
from counter.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    config: Path
    out: Path | None = None  # None: beside the configuration
    made: date | None = None  # None: today, UTC
    layer2_url: str | None = None
    proof: Path | None = None
    force: bool = False

    @property
    def folder(self) -> Path:
        return self.out or manifest.default_folder(self.config)


def make(request: Request) -> str:
    """Write the documents and say what is left to do.

    Raises ConfigError, RefusedError or ModelError for what `counter check` refuses too.
    """
    loaded = config.load(request.config)
    url = None if request.layer2_url is None else qr.checked(request.layer2_url)
    proof = None if request.proof is None else read_report(request.proof)
    facts = gather(loaded, request.made or datetime.now(UTC).date())
    evidence = Evidence(read_ledger(loaded.settings.ledger), proof, url)
    made = pages(facts, evidence)
    if not request.force:
        _refuse_to_lose(request.folder, made)
    listed = _manifest(facts, evidence, made)
    _write(request.folder, {page.name: page.text.encode() for page in made}, listed.encoded)
    return "\n".join(_report(request.folder, facts, made, proof))


def _refuse_to_lose(folder: Path, made: tuple[Page, ...]) -> None:
    """Raise ConfigError where writing would lose what somebody wrote (Rule 1)."""
    before = manifest.read(folder)
    ours = (
        {}
        if before is None
        else {one.name: one.state for one in manifest.standings(folder, before)}
    )
    lost = [
        page.name
        for page in made
        if (folder / page.name).exists()
        and ours.get(page.name) != "as made"
        and (folder / page.name).read_bytes() != page.text.encode()
    ]
    if lost:
        raise ConfigError(
            f"{folder}: edited since they were made: {', '.join(lost)}",
            "give another --out and carry the entries over, or --force to overwrite them",
        )


def _manifest(facts: Facts, evidence: Evidence, made: tuple[Page, ...]) -> Manifest:
    return Manifest(
        kind="counter/dossier/1",
        made=facts.made.isoformat(),
        version=__version__,
        config_sha256=facts.config_sha256,
        model=facts.model.name,
        model_sha256=facts.model.entry.fingerprint,
        crowd_model=None if facts.crowd is None else facts.crowd.name,
        crowd_model_sha256=None if facts.crowd is None else facts.crowd.entry.fingerprint,
        files=[File(p.name, hashlib.sha256(p.text.encode()).hexdigest()) for p in made],
        blanks=list(_blanks(made)),
        layer2_url=evidence.layer2_url,
        proof_sha256=None if evidence.proof is None else evidence.proof.sha256,
        ledger_head=evidence.chronicle.head,
    )


def _blanks(made: tuple[Page, ...]) -> dict[str, list[str]]:
    """Each blank, in the order of the table, with the documents that have it."""
    found: dict[str, list[str]] = {}
    for key in FIELDS:
        where = [page.name.rpartition("-")[0] for page in made if key in page.fields]
        if where:
            found[key] = list(dict.fromkeys(where))
    return found


def _write(folder: Path, files: dict[str, bytes], listed: bytes) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / manifest.NAME).unlink(missing_ok=True)
        for name, data in {**files, manifest.NAME: listed}.items():  # Rule 2: the order
            beside = folder / f".{name}.new"
            beside.write_bytes(data)
            beside.replace(folder / name)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(
            f"--out {folder}: cannot be written: {reason}", "name a folder that you may write to"
        ) from None


def _report(folder: Path, facts: Facts, made: tuple[Page, ...], proof: Proof | None) -> list[str]:
    blanks = _blanks(made)
    lines = [
        f"{facts.settings.sensor_id}: {len(made)} documents in {folder}",
        *(f"  {page.name}" for page in made),
        f"{len(blanks)} fields are left for the controller:",
        *(f"  {FIELDS[key].en} ({', '.join(where)})" for key, where in blanks.items()),
    ]
    if "layer2-address" in blanks:
        lines.append(
            "note: no QR code: decide where layer2-*.html will be published, and give --layer2-url"
        )
    if proof is None:
        lines.append("note: no proof report: run counter prove --json FILE, then give --proof FILE")
    elif proof.report.software != facts.software:
        lines.append("note: the proof report is of another version or model; the attestation says")
    if facts.trial:
        lines.append("note: no live camera is configured: the documents say that this is a trial")
    return lines
