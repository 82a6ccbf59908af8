"""The command `perigee-lab`."""
# ruff: noqa: FBT002, PLR0913, PLR0917 - to typer, a function's arguments are options

import dataclasses
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from perigee_lab import builds, options, tables
from perigee_lab.errors import LabError
from perigee_lab.lab import DEFAULT_DIRECTORY, DEFAULT_NAME, Lab
from perigee_lab.play.command import play
from perigee_lab.terminal import REPORT, errors, lab_of, working
from perigee_lab.wanted import DEFAULT_SATELLITES, Request

_HELP = """
A real constellation on one Linux host.

A ground and satellites, each a machine of its own (namespaces for network, mounts, processes and
host name) with a kubelet and a containerd, around a real control plane. Each satellite has a link
to the ground, which can be cut, restored and shaped.

\b
    perigee-lab up                       three satellites; builds Kubernetes the first time
    eval "$(perigee-lab env)"            then kubectl, helm and the like talk to the lab
    perigee-lab cut sat-2                sat-2 passes out of sight
    perigee-lab restore sat-2            and rises again
    perigee-lab play plan.yaml           all links, as a contact plan says
    perigee-lab shape sat-1 --kbit-s 256 a narrow link
    perigee-lab crash sat-3              sat-3 loses power
    perigee-lab boot sat-3               and starts again
    perigee-lab down                     nothing is left

It needs root. `--name` keeps several labs apart.
"""

app = typer.Typer(
    name="perigee-lab",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Output(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"


Satellite = Annotated[str, typer.Argument(metavar="NAME", help="A satellite, such as sat-1.")]
NodeName = Annotated[str, typer.Argument(metavar="NODE", help="ground, or a satellite.")]
_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.callback()
def lab(
    context: typer.Context,
    name: Annotated[
        str, typer.Option(envvar="PERIGEE_LAB", help="Which lab; several can run side by side.")
    ] = DEFAULT_NAME,
    directory: Annotated[
        Path,
        typer.Option(
            envvar="PERIGEE_LAB_DIR", help="Where labs keep what they have, each its own."
        ),
    ] = DEFAULT_DIRECTORY,
) -> None:
    """Choose the lab that the commands are about."""
    with errors():
        context.obj = Lab(name, directory=directory, report=REPORT)


@app.command()
def up(
    context: typer.Context,
    satellites: Annotated[
        int | None,
        typer.Option(
            min=0,
            help=f"How many; {DEFAULT_SATELLITES} in a new lab. A lab can grow, and not shrink.",
        ),
    ] = None,
    nodes: Annotated[
        bool, typer.Option(help="Without nodes the ground runs the control plane alone.")
    ] = True,
    architectures: Annotated[
        str,
        typer.Option(
            metavar="ARCH,...",
            help="What the satellites pretend to be in kubernetes.io/arch, in their order.",
        ),
    ] = "",
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="NODE=KEY=VALUE", help="A label for a node; may be repeated."),
    ] = None,
    accelerator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NODE=RESOURCE=COUNT",
            help="An extended resource that a node pretends to have, such as"
            " sat-3=nvidia.com/gpu=1; may be repeated.",
        ),
    ] = None,
) -> None:
    """Start a lab, let it grow, or repair what has died of it. Twice is harmless."""
    with working():
        request = Request(
            satellites=satellites if nodes else satellites or 0,
            ground_runs_pods=nodes,
            architectures=options.comma_separated(architectures),
            labels=options.pairs_by_node(label or ()),
            resources=options.pairs_by_node(accelerator or ()),
        )
        lab_of(context).up(request)


@app.command()
def down(
    context: typer.Context,
    keep_state: Annotated[
        bool, typer.Option("--keep-state", help="Leave the cluster's data and images on disk.")
    ] = False,
) -> None:
    """End all that the lab runs, and remove all that it made."""
    with working():
        lab_of(context).down(keep_state=keep_state)


@app.command()
def status(
    context: typer.Context,
    output: Annotated[Output, typer.Option("--output", "-o")] = Output.TABLE,
) -> None:
    """Show links, nodes and programs. Exit status 1 if something that should run does not."""
    with errors():
        found = lab_of(context).status()
    if output is Output.JSON:
        print(json.dumps(dataclasses.asdict(found) | {"healthy": found.healthy}, indent=2))  # noqa: T201
    else:
        Console().print(tables.headline(found), tables.nodes(found), sep="\n", soft_wrap=True)
    if not found.healthy:
        raise typer.Exit(1)


@app.command()
def cut(context: typer.Context, satellite: Satellite) -> None:
    """Cut a satellite's link: no packet passes, and nobody is told."""
    with working():
        lab_of(context).cut(satellite)


@app.command()
def restore(context: typer.Context, satellite: Satellite) -> None:
    """Restore a link that was cut."""
    with working():
        lab_of(context).restore(satellite)


app.command()(play)


@app.command()
def shape(
    context: typer.Context,
    satellite: Satellite,
    kbit_s: Annotated[
        int, typer.Option(min=0, help="Rate in each direction; 0 takes the limit away.")
    ],
) -> None:
    """Limit the rate of a satellite's link."""
    with working():
        lab_of(context).shape(satellite, kbit_s or None)


@app.command()
def crash(context: typer.Context, node: NodeName) -> None:
    """End a node's kubelet, containerd and pods at once, as a power loss does."""
    with working():
        lab_of(context).crash(node)


@app.command()
def boot(context: typer.Context, node: NodeName) -> None:
    """Start a node that crashed, and wait until it is Ready (unless its link is cut)."""
    with working():
        lab_of(context).boot(node)


@app.command()
def load(
    context: typer.Context,
    image: Annotated[
        str,
        typer.Argument(help="File of a docker-archive or OCI archive, or the name of an image."),
    ],
    node: Annotated[
        list[str] | None, typer.Option(help="Only to this node; may be repeated.")
    ] = None,
) -> None:
    """Bring an image to the nodes. Names are looked up in buildah, podman and docker."""
    with working():
        lab_of(context).load(image, node)


@app.command(context_settings={"ignore_unknown_options": True})
def provision(
    context: typer.Context,
    node: NodeName,
    script: Annotated[
        Path, typer.Argument(help="Run on the node, with its folder.", exists=True, dir_okay=False)
    ],
    arguments: Annotated[list[str] | None, typer.Argument(help="What the script is told.")] = None,
) -> None:
    """Install units of systemd on a node, for the lab to start at each boot.

    The script puts them where $UNIT_DIRECTORY says, as manifests/k3s/standalone/install does.
    """
    with working():
        lab_of(context).provision(node, script, arguments or [])


@app.command()
def env(context: typer.Context) -> None:
    """Print KUBECONFIG for your shell: eval "$(perigee-lab env)"."""
    with errors():
        lab = lab_of(context)
        _ = lab.state
    print(f"export KUBECONFIG={shlex.quote(str(lab.kubeconfig))}")  # noqa: T201


@app.command(context_settings=_PASSED_ON)
def kubectl(context: typer.Context) -> None:
    """Run kubectl against the lab."""
    with errors():
        lab = lab_of(context)
        _ = lab.state
        _become([str(lab.cluster.kubectl), *context.args], {"KUBECONFIG": str(lab.kubeconfig)})


@app.command("exec", context_settings={"ignore_unknown_options": True})
def execute(
    context: typer.Context,
    node: NodeName,
    command: Annotated[list[str], typer.Argument(help="After --.")],
    inside: Annotated[
        bool,
        typer.Option("--inside", help="With the node's own files and processes, not the host's."),
    ] = False,
) -> None:
    """Run a command in a node's network: perigee-lab exec sat-1 -- ip route."""
    with errors():
        lab = lab_of(context)
        _become(lab.inside(node, command) if inside else lab.in_network(node, command))


@app.command()
def logs(
    context: typer.Context,
    node: NodeName,
    component: Annotated[str, typer.Argument(help="Such as kubelet, containerd, apiserver.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows.")] = False,
    lines: Annotated[int, typer.Option(min=0, help="How many lines from the end.")] = 100,
) -> None:
    """Print the log of one of a node's programs."""
    with errors():
        path = lab_of(context).log(node, component)
        _become(["tail", f"--lines={lines}", *(["--follow=name"] if follow else []), str(path)])


@app.command()
def tool(name: Annotated[str, typer.Argument(help="kubectl, helm, perigee-kube or kine.")]) -> None:
    """Print the path of a program, built of the pinned source if it is not there yet."""
    with working():
        path = builds.tool(name, REPORT)
    print(path)  # noqa: T201


def _become(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> NoReturn:
    try:
        os.execvpe(argv[0], list(argv), os.environ | (environment or {}))  # noqa: S606
    except FileNotFoundError as error:
        raise LabError(f"the command {argv[0]} is not there") from error
