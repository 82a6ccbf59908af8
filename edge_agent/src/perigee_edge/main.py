"""The command `perigee-edge`."""

import importlib
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS: Final = {
    "report": "perigee_edge.report.command:report",
    "serve": "perigee_edge.serve.command:serve",
    "depot": "perigee_edge.depot:depot",
}


class OnDemand(TyperGroup):
    """Imports a command when it is asked for.

    A satellite may have 1 GB of memory for everything: `report` must not carry the inference
    engine that `serve` needs.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base class's signature
        """Every command's name, as `--help` shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002
        """The command of that name, imported now; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name].split(":")
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(cmd_name)(getattr(importlib.import_module(module), function))
        command = typer.main.get_command(single)
        if not isinstance(command, TyperCommand):
            raise TypeError(f"{COMMANDS[cmd_name]} is a group of commands, not a command")
        return command


app = typer.Typer(
    cls=OnDemand, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def main() -> None:
    """The part of Perigee on board a satellite.

    On each satellite run `report` (heartbeats and artifact cache). The operator starts `serve` for
    each model that a satellite runs. `depot` runs on the ground where there is no object store.
    """
