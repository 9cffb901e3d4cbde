"""Run the command, and say what went wrong."""

import sys

import click

from counter import voice
from counter.cli import appliance, dossier, laboratory, ledger, models, prove
from counter.cli.group import cli
from counter.errors import CounterError

__all__ = ["appliance", "cli", "dossier", "laboratory", "ledger", "main", "models", "prove"]


def main() -> None:
    """Run the command and end with its exit code; the only place that ends the process."""
    voice.say_what_is_logged()
    try:
        cli.main(standalone_mode=False)
    except CounterError as error:
        sys.exit(voice.mistake(error))
    except ModuleNotFoundError as error:
        missing = CounterError(
            f"the package {error.name} is not installed",
            "install this package again, with its dependencies",
        )
        sys.exit(voice.mistake(missing))
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        command = "counter" if context is None else context.command_path
        sys.exit(voice.mistake(CounterError(error.format_message(), f"see {command} --help")))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:  # noqa: BLE001  # whatever it is, its text stays inside
        sys.exit(voice.broken(error))
