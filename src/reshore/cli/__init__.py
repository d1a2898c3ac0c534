"""The command line: one module per command, loaded when it is called; one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module

import click

from reshore.errors import InputError, ReshoreError


@dataclass(frozen=True)
class Entry:
    """A command: its name, the module that holds it, and its line in the help."""

    name: str
    module: str
    help: str


COMMANDS: tuple[Entry, ...] = (
    Entry("demo", "demo", "Write the shipped data and studies into a folder, to try things out."),
    Entry("check", "check", "Check a data package: all problems at once, with place and fix."),
    Entry("import", "import_", "Turn a public data set into a data package."),
    Entry("measure", "measure", "Measure the exposure of a home country on a data package."),
    Entry("stress", "stress", "Stress a chain: what stops, when, why, and what it costs."),
    Entry("worst-cut", "worst_cut", "Find the few suppliers whose loss hurts most, with the proof."),
    Entry("cascade", "cascade", "Follow the failure of firms through a network of who sells to whom."),
    Entry("price", "price", "Price security: what capacity is worth, and what projects should be paid for it."),
    Entry("fund", "fund", "Fund: the deals that buy most security for a budget, with the proof."),
    Entry("run", "run", "Answer a study: tables, report and workbook in one folder."),
    Entry("report", "report", "Write the results of a run as one document."),
    Entry("why", "why", "Show what a number was made of: formula, rows, sources."),
    Entry("compare", "compare", "Set two runs side by side."),
    Entry("diff", "diff", "Set two data packages side by side."),
)

EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "an error of reshore itself",
    2: "the command was not understood",
    3: "the data were refused; every problem is listed",
    4: "the question has no answer; the conflict is named",
    5: "a result did not pass its verification",
    6: "an optional extra is missing",
    7: "a file could not be read or written",
    130: "interrupted",
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called: the help needs none of them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return [entry.name for entry in COMMANDS]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        for entry in COMMANDS:
            if entry.name == cmd_name:
                command = import_module(f"reshore.cli.{entry.module}").command
                assert isinstance(command, click.Command)
                return command
        return None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.help) for entry in COMMANDS])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            import difflib

            near = difflib.get_close_matches(args[0], [entry.name for entry in COMMANDS], 1, 0.5)
            hint = f"did you mean '{near[0]}'?" if near else "see `reshore --help`"
            raise click.UsageError(f"no command '{args[0]}'; {hint}", ctx) from None


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from reshore import __version__

        click.echo(f"reshore {__version__}")
        ctx.exit()


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Show the version.")
def group() -> None:
    """Plan from what the value chain misses: map, measure, stress, price and fund critical technologies."""


def main() -> None:
    """Runs the command line and ends the process with one of `EXIT_CODES`."""
    sys.exit(_run())


def _run() -> int:
    try:
        code = group(standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; what was written so far is whole", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except InputError as error:
        click.echo(error.report(), err=True)
        return error.exit_code
    except ReshoreError as error:
        click.echo(f"{error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        click.echo(f"{error.filename or 'a file'}: {error.strerror or error}", err=True)
        return 7
