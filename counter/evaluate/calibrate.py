"""`counter evaluate --tally`: counts by eye and released numbers in, a table to paste out."""

from datetime import UTC, date
from pathlib import Path
from typing import Final

from counter import config
from counter.cells import Kind, released_cells
from counter.correction import LARGE_ERROR, correction_of
from counter.errors import ConfigError, CounterError
from counter.evaluate import tallies
from counter.evaluate.fit import Fit, fit
from counter.evaluate.gain import fit_gain
from counter.evaluate.tallies import Joined
from counter.floor import in_force
from counter.settings import Settings

FINEST: Final = 5.0  # the rounding base of every purpose's floor, where no configuration is given
DIGITS: Final = 3
UNCORRECTED: Final = (1.0, 1.0)  # gain and power


def calibrate(tally: Path, released: Path, settings_file: Path | None, day: date | None) -> str:
    """Fit every cell that was counted by eye and say what was found.

    Raises CounterError where no cell can be fitted.
    """
    settings = None if settings_file is None else config.load(settings_file).settings
    eyes = tallies.read_eyes(tally, day)
    heard = tallies.read_released(released, None if settings is None else settings.sensor_id)
    joined = _pooled(tallies.join(eyes, heard.counts))
    if not joined:
        raise ConfigError(f"--tally {tally}: holds no counts", tallies.EXAMPLE)
    fitted = max(eye.at for eye in eyes).astimezone(UTC).date().isoformat()
    base = FINEST if settings is None else float(in_force(settings).rounding)
    told = heard.notes
    gains: dict[str, float] = {}
    refused: list[CounterError] = []
    for cell, found in joined.items():
        told += [f"{cell}: {many} counts by eye left out: {why}" for why, many in found.left_out]
        try:
            _refuse_space(cell)
            _refuse_corrected(settings, cell)
            if found.mapped:
                told += _mapped(cell, found, settings, gains, (base, fitted))
            else:
                told += _said(fit(cell, found.pairs, base), settings, fitted)
        except CounterError as error:
            refused.append(error)
            told += [f"not fitted: {error.message}", f"hint: {error.hint}", ""]
    if len(refused) == len(joined):
        raise refused[0]
    return "\n".join([*told, *_gains(settings, gains)]).rstrip()


def _pooled(joined: dict[str, Joined]) -> dict[str, Joined]:
    """Put the two directions of a line together: they share a correction."""
    found: dict[str, Joined] = {}
    for cell, one in joined.items():
        key = cell.rpartition(".")[0] if cell.startswith(f"{Kind.LINE}.") else cell
        other = found.get(key, Joined((), ()))
        found[key] = Joined(
            other.pairs + one.pairs, other.left_out + one.left_out, other.mapped + one.mapped
        )
    return found


def _refuse_space(cell: str) -> None:
    """Raise ConfigError for a balance: chance of the day would be taken for bias."""
    if cell.startswith(f"{Kind.SPACE}."):
        raise ConfigError(
            f"{cell}: a balance is not fitted to counts of those inside",
            "fit at the doors, with the same lines for footfall: docs/evaluating.md, the balance",
        )


def _refuse_corrected(settings: Settings | None, cell: str) -> None:
    """Raise ConfigError where the configuration has no such cell, or changes it already."""
    if settings is None:
        return
    cells = released_cells(settings)
    found = next((one for one in cells if cell in (one.key, f"{one.kind}.{one.name}")), None)
    if found is None:
        released = ", ".join(one.key for one in cells)
        raise ConfigError(f"{cell}: the configuration releases no such number", released)
    by = correction_of(settings, found)
    if by is not None and (by.gain, by.power) != UNCORRECTED:
        raise ConfigError(
            f"{cell}: its released numbers are corrected already",
            "take the correction out, count again, and fit to what is released then",
        )


def _said(found: Fit, settings: Settings | None, fitted: str) -> list[str]:
    kind, name = found.cell.split(".")[:2]
    bent = found.power != 1.0
    lines = [
        f"{found.cell}: {found.tallies} counts by eye",
        f"  gain   {found.gain:.3f}  (95 %: {found.gain_low:.3f} to {found.gain_high:.3f})",
        f"  power  {found.power:.3f}"
        + (f"  (95 %: {found.power_low:.3f} to {found.power_high:.3f})" if bent else ""),
        *_off(found.error, found.before),
    ]
    if found.needless:
        lines.append("  the counts agree with no correction: gain 1 is written, with the error")
    tables = [f"{kind}s.{name}"]
    if kind == Kind.GROUP:
        zones = settings.groups[name].zones if settings is not None else ["EACH-OF-ITS-ZONES"]
        tables = [f"zones.{zone}" for zone in zones]
    curve = UNCORRECTED if found.needless else (found.gain, found.power)
    error = found.before if found.needless else found.error
    for table in tables:
        lines += _table(table, curve, error, (found.tallies, fitted))
    return [*lines, ""]


def _mapped(
    cell: str,
    counts: Joined,
    settings: Settings | None,
    gains: dict[str, float],
    by: tuple[float, str],
) -> list[str]:
    """Fit a zone in which a map counted; its gain is added to `gains`."""
    if settings is None or settings.crowd is None:
        raise ConfigError(
            f"{cell}: a map counted there, and its gain multiplies the one in force",
            "give --config: the configuration that the box ran with, with its [crowd]",
        )
    base, fitted = by
    zone = cell.split(".")[1]
    in_force = settings.crowd.gains.get(zone, 1.0)
    found = fit_gain(cell, counts.pairs, counts.mapped, in_force=in_force, base=base)
    gains[zone], low, high = found.gain, found.gain_low, found.gain_high
    lines = [
        f"{cell}: {found.tallies} counts by eye fitted, {len(counts.mapped)} were beside the map",
        f"  gain of the map  {found.gain:.3f}  (95 %: {low:.3f} to {high:.3f})",
        f"  gain of all      {found.correction:.3f}",
        *_off(found.error, found.before),
        *(f"  {note}" for note in found.notes),
    ]
    curve = (found.correction, 1.0)
    lines += _table(f"zones.{zone}", curve, found.error, (found.tallies, fitted))
    return [*lines, ""]


def _off(error: float, before: float) -> list[str]:
    return [
        f"  error  {error:.1f} persons on counts left out; {before:.1f} as released",
        f"  below {error / LARGE_ERROR:.0f} persons the quality reads degraded",
    ]


def _table(
    name: str, curve: tuple[float, float], error: float, counted: tuple[int, str]
) -> list[str]:
    gain, power = curve
    tallied, fitted = counted
    return [
        "",
        f"[{name}.correction]",
        f"gain = {round(gain, DIGITS)}",
        f"power = {round(power, DIGITS)}",
        f"error = {round(error, 1)}",
        f"tallies = {tallied}",
        f'fitted = "{fitted}"',
    ]


def _gains(settings: Settings | None, made: dict[str, float]) -> list[str]:
    """The table of all gains, in place of the one that the configuration has."""
    if settings is None or settings.crowd is None or not made:
        return []
    gains = {**settings.crowd.gains, **made}
    return ["[crowd.gains]", *(f"{zone} = {round(gain, DIGITS)}" for zone, gain in gains.items())]


def day_of(text: str | None) -> date | None:
    """Read --date; raises ConfigError for what is no day."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--date: {text} is no day", "for example 2026-03-01") from None
