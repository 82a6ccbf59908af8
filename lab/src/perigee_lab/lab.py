"""A lab: a ground and satellites, each a machine of its own with a link between them.

What the command `perigee-lab` does, for tests and the demo to use from Python.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from perigee_lab import images, network, requirements, wanted
from perigee_lab.assembly import Assembly
from perigee_lab.caches import locked
from perigee_lab.cluster import Cluster
from perigee_lab.commands import run
from perigee_lab.distribution.component import UNITS
from perigee_lab.distribution.interface import Distribution
from perigee_lab.distribution.upstream import Upstream
from perigee_lab.errors import LabError
from perigee_lab.progress import Report, Silent
from perigee_lab.state import GROUND, Layout, Link, State, check_name, load, save
from perigee_lab.status import Status, status
from perigee_lab.wanted import Request

DEFAULT_NAME: Final = "perigee"
DEFAULT_DIRECTORY: Final = Path("/var/lib/perigee-lab")


class Lab:
    """One lab on this machine, running or not. Safe to use from several processes at once."""

    def __init__(
        self,
        name: str = DEFAULT_NAME,
        *,
        directory: Path = DEFAULT_DIRECTORY,
        report: Report | None = None,
        distribution: Distribution | None = None,
    ) -> None:
        self.name = check_name(name)
        self.layout = Layout(directory.absolute() / name)
        self._report: Report = report or Silent()
        self._distribution: Distribution = distribution or Upstream()

    @property
    def kubeconfig(self) -> Path:
        """Of a user who may do everything; for the host."""
        return self.layout.kubeconfig

    @property
    def api_url(self) -> str:
        """Of the API server, within the lab's own network."""
        return self._distribution.api_url

    @property
    def exists(self) -> bool:
        """Somebody has started it and not taken it down; whether it runs, `status` tells."""
        return self.layout.directory.exists()

    @property
    def cluster(self) -> Cluster:
        """The cluster, through kubectl."""
        return self._assembly.cluster

    @property
    def depot_directory(self) -> Path:
        """On the host: what pods on the ground see as the host path /var/lib/perigee/depot."""
        return self.perigee_directory(GROUND) / "depot"

    @property
    def state(self) -> State:
        """The lab as it is wanted.

        Raises:
            LabError: there is no lab of that name.
        """
        state = load(self.layout)
        if state is None:
            raise LabError(f"there is no lab {self.name}; `perigee-lab up` starts one")
        return state

    def perigee_directory(self, node: str) -> Path:
        """On the host: what a node's pods see as the host path /var/lib/perigee."""
        return self.layout.var_lib(node) / "perigee"

    def up(self, request: Request | None = None) -> None:
        """Start the lab, or bring it to what is asked for, or repair what has died of it.

        Raises:
            LabError: it cannot be done; what was started stays, and another `up` goes on from it.
        """
        requirements.check()
        self._distribution.obtain(self._report)
        with self._locked():
            state = wanted.state(self.name, request or Request(), load(self.layout))
            save(self.layout, state)
            save(self.layout, self._assembly.start(state))
        self._report.step(f"lab {self.name} is up")

    def down(self, *, keep_state: bool = False) -> None:
        """End everything the lab runs and remove everything it made. Harmless without a lab.

        Args:
            keep_state: leave the lab's directory, so that `up` finds cluster and images again.
        """
        requirements.check()
        if not self.exists:
            self._assembly.stop()
            return
        with self._locked():
            self._assembly.stop()
            if not keep_state:
                shutil.rmtree(self.layout.directory)
        if not keep_state:
            # The directory of all labs goes with the last one.
            with suppress(OSError):
                self.layout.directory.parent.rmdir()
        self._report.step(f"lab {self.name} is down")

    def status(self) -> Status:
        """What runs, which links are up, which nodes are Ready."""
        return status(self.state, self._assembly)

    def cut(self, satellite: str) -> None:
        """Cut a satellite's link: no packet passes, and nobody is told."""
        self._change_link(satellite, lambda link: replace(link, cut=True))

    def restore(self, satellite: str) -> None:
        """Restore a link that was cut."""
        self._change_link(satellite, lambda link: replace(link, cut=False))

    def shape(self, satellite: str, kbit_s: int | None) -> None:
        """Limit a satellite's link, in each direction; None takes the limit away."""
        if kbit_s is not None and kbit_s < 1:
            raise LabError(f"a link of {kbit_s} kbit/s carries nothing; cut it instead")
        self._change_link(satellite, lambda link: replace(link, kbit_s=kbit_s))

    def crash(self, node: str) -> None:
        """End all that runs on a node at once, as a power loss does. `boot` starts it again."""
        with self._locked_state() as state:
            self._assembly.crash(state.node(node))

    def boot(self, node: str) -> None:
        """Start a node that crashed, and wait until it is Ready if its link is not cut."""
        self._distribution.obtain(self._report)
        with self._locked_state() as state:
            self._assembly.start_node(state, state.node(node))

    def load(self, reference: str, nodes: Sequence[str] | None = None) -> None:
        """Bring an image to the nodes.

        Args:
            reference: file of a docker-archive or OCI archive, or the name of an image that
                buildah, podman or docker has on this machine.
            nodes: the nodes that get it; None is all that run pods.
        """
        found = images.find(reference)
        with self._locked_state() as state:
            chosen = state.kubelets if nodes is None else [state.node(name) for name in nodes]
            self._assembly.load(found, chosen)

    def provision(self, node: str, script: Path, arguments: Sequence[str]) -> None:
        """Run a script that installs units of systemd on a node, and start what it has enabled.

        The units outlive crashes; `boot` starts them before all else.

        Args:
            node: which one; it is on.
            script: run on the node, where its folder is brought; it puts units where the
                variable UNIT_DIRECTORY says, and starts nothing.
            arguments: what the script is told.
        """
        with self._locked_state() as state:
            found = state.node(node)
            variable = f"UNIT_DIRECTORY={UNITS}"
            machine = self._assembly.machine(node)
            brought = f"{machine.bring(script.resolve().parent)}/{script.name}"
            run(machine.inside(["env", variable, brought, *arguments]))
            self._assembly.start_units(found)

    def in_network(self, node: str, command: Sequence[str]) -> list[str]:
        """The command that runs another one in a node's network, with the host's files."""
        self.state.node(node)
        return [*network.enter(self.name, node), *command]

    def inside(self, node: str, command: Sequence[str]) -> list[str]:
        """The command that runs another one on a node, with the node's files and processes."""
        self.state.node(node)
        return self._assembly.machine(node).inside(command)

    def log(self, node: str, component: str) -> Path:
        """Where a component's output goes.

        Raises:
            LabError: there is none.
        """
        self.state.node(node)
        path = self._assembly.machine(node).log_of(component)
        if not path.exists():
            names = sorted(log.stem for log in path.parent.glob("*.log"))
            raise LabError(f"{node} has no log of {component}; it has {', '.join(names)}")
        return path

    @property
    def _assembly(self) -> Assembly:
        return Assembly(self.name, self.layout, self._distribution, self._report)

    def _change_link(self, satellite: str, change: Callable[[Link], Link]) -> None:
        with self._locked_state() as state:
            node = state.node(satellite)
            if not node.is_satellite:
                raise LabError(f"{satellite} has no link of its own; satellites have")
            node = replace(node, link=change(node.link))
            save(self.layout, state.with_node(node))
            # One that is off gets its link when it starts.
            if network.link_is_up(self.name, satellite) is not None:
                network.apply_link(self.name, node)

    @contextmanager
    def _locked_state(self) -> Iterator[State]:
        requirements.check()
        # First without the lock: its directory must not come into being for a lab that is not.
        _ = self.state
        with self._locked():
            yield self.state

    @contextmanager
    def _locked(self) -> Iterator[None]:
        directory = self.layout.directory
        held = False
        while not held:
            directory.mkdir(parents=True, exist_ok=True)
            with locked(directory) as descriptor:
                # It may have been removed, or made anew, while this one waited for it.
                held = directory.exists() and os.path.samestat(
                    os.fstat(descriptor), directory.stat()
                )
                if held:
                    yield
