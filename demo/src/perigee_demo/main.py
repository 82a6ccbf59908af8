"""The command ``perigee-demo``."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console

from perigee_demo.artifacts.depot import place
from perigee_demo.artifacts.files import make_artifacts
from perigee_demo.scene.command import mask_scene
from perigee_demo.story import manifests
from perigee_demo.story.command import run_demo
from perigee_demo.traffic.command import TrafficPlan, send_steadily
from perigee_lab.lab import Lab
from perigee_lab.progress import OnConsole

app = typer.Typer(
    help="What Perigee does, shown on a real constellation on this machine: `run` plays it "
    "through; the others are its parts, for trying things out in a lab that was kept.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Model = Annotated[str, typer.Option(help="InferenceModel, and the Service of its name.")]
Namespace = Annotated[str, typer.Option(help="Of the InferenceModel.")]


@app.command()
def run(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the lab running at the end.")] = False,
) -> None:
    """Bring up a constellation, install Perigee, and show what it does. Takes some minutes."""
    console = Console()
    raise typer.Exit(run_demo(console, Lab(report=OnConsole(console)), keep=keep))


@app.command()
def artifacts(
    depot: Annotated[
        Path | None, typer.Option(help="Directory of the lab's depot to copy them to.")
    ] = None,
) -> None:
    """Make the demo's model files and golden set, and print their digests and sizes."""
    made = make_artifacts()
    if depot is not None:
        place(made, depot)
    for file in made:
        typer.echo(f"{file.sha256}  {file.size:>9}  {file.path}")


@app.command()
def model(
    depot: Annotated[str, typer.Option(help="URL of the depot that has the files.")],
) -> None:
    """Print the samples' InferenceModel with the digests and sizes of the demo's files."""
    made = make_artifacts()
    _print(manifests.model(made.stable, made.golden, depot, "fp16"))


@app.command()
def satellite(name: Annotated[str, typer.Argument(help="Of its Node.")]) -> None:
    """Print the samples' SatelliteNode that is always in contact, for a Node of that name."""
    _print(manifests.fixed_satellite(name))


def _print(manifest: manifests.Manifest) -> None:
    typer.echo(yaml.safe_dump(manifest, sort_keys=False), nl=False)


@app.command()
def traffic(  # noqa: PLR0913, PLR0917 - options of a command
    golden: Annotated[Path, typer.Option(help="Golden set: requests and their right answers.")],
    model: Model = "cloud-mask",
    namespace: Namespace = "default",
    rate: Annotated[float, typer.Option(min=0.01, max=1000, help="Requests a second.")] = 2.0,
    under_way: Annotated[int, typer.Option(min=1, help="Most requests at once.")] = 16,
    report_every: Annotated[float, typer.Option(min=0.1, help="Seconds between lines.")] = 0.5,
) -> None:
    """Send requests at a fixed rate until stopped, and print counts as lines of JSON.

    Runs where the satellites can be reached: in the lab, inside the ground's network.
    """
    plan = TrafficPlan(model, namespace, golden, rate, under_way, report_every)
    asyncio.run(send_steadily(plan))


@app.command()
def mask(
    picture: Annotated[Path, typer.Option(help="PNG file to write.")],
    model: Model = "cloud-mask",
    namespace: Namespace = "default",
    masks: Annotated[
        Path | None, typer.Option(help="Also write the masks, clear and clouded, as .npz.")
    ] = None,
) -> None:
    """Have the satellites mask the scene, and write it beside its true colours.

    Runs where the satellites can be reached: in the lab, inside the ground's network.
    """
    report = asyncio.run(mask_scene(model, namespace, picture, masks))
    typer.echo(json.dumps(report))
