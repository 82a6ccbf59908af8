"""Puts a lab's machines, links and programs together, and takes them apart again.

Everything here may be done twice: what is there already is left as it is.
"""

import datetime as dt
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from perigee_api.names import AGENT_UID, ARTIFACT_DIRECTORY, STATE_DIRECTORY
from perigee_lab import cgroups, cluster, host_port, images, network, pretence, processes, waiting
from perigee_lab.cluster import Cluster
from perigee_lab.distribution.component import UNITS, Component
from perigee_lab.distribution.interface import Distribution
from perigee_lab.errors import LabError
from perigee_lab.images import Image
from perigee_lab.machine import Machine
from perigee_lab.progress import Report
from perigee_lab.state import GROUND, Layout, Node, State
from perigee_lab.units.files import enabled

# Seconds on a quiet machine; on one that has much else to do, minutes.
_API_S: Final = 300
_NODES_S: Final = 300
_HOST_GROUP: Final = "host"
_UNITS: Final = "units"


class Assembly:
    """The pieces of one lab on this machine."""

    def __init__(
        self, lab: str, layout: Layout, distribution: Distribution, report: Report
    ) -> None:
        self.lab = lab
        self.layout = layout
        self.distribution = distribution
        self.groups = cgroups.here()
        self._report = report

    @property
    def cluster(self) -> Cluster:
        """The cluster, through kubectl."""
        return Cluster(self.distribution.kubectl, self.layout.kubeconfig)

    def machine(self, node: str) -> Machine:
        """A node's machine, on or off."""
        return Machine(self.lab, node, self.layout, self.groups)

    def component_names(self, state: State, node: Node) -> list[str]:
        """What runs on a node if all is well."""
        components: list[Component] = []
        units = [_UNITS] if enabled(self.machine(node.name).unit_directory) else []
        if not node.is_satellite:
            components += self.distribution.api(state, self.layout)
            components += self.distribution.controllers(state, self.layout)
        if node in state.kubelets:
            components += self.distribution.runtime(state, self.layout, node)
            components += self.distribution.kubelet(state, self.layout, node)
        return [*units, *(component.name for component in components)]

    def start(self, state: State) -> State:
        """Start what is not running, and wait until every node that can be reached is Ready.

        Returns:
            The state, with the port that the API server got.
        """
        network.ensure(state)
        for node in state.nodes:
            self._switch_on(node)
        self._report.now("starting the control plane")
        ground = self.machine(GROUND)
        for component in self.distribution.api(state, self.layout):
            ground.start(component)
            ground.wait_for_socket(component)
        port = self._open_host_port(state.api_port)
        # Nodes get their container runtimes while the API server starts.
        with ThreadPoolExecutor() as pool:
            runtimes = [pool.submit(self._start_runtime, state, node) for node in state.kubelets]
            self._wait_for_api()
            for component in self.distribution.controllers(state, self.layout):
                ground.start(component)
            self._wait_for_controllers()
            for runtime in runtimes:
                runtime.result()
        pretence.allow(self.cluster, state)
        self.join(state, state.kubelets)
        return state.with_port(port)

    def start_node(self, state: State, node: Node) -> None:
        """Start one node; the ground with its control plane."""
        if not node.is_satellite:
            self.start(state)
            return
        network.ensure(state)
        self._switch_on(node)
        self._start_runtime(state, node)
        self.join(state, [node])

    def join(self, state: State, nodes: Sequence[Node]) -> None:
        """Start kubelets, and wait until the nodes that can be reached are Ready."""
        since: dict[str, dt.datetime] = {}
        for node in nodes:
            machine = self.machine(node.name)
            for component in self.distribution.kubelet(state, self.layout, node):
                # Word from before a crash is no word of a kubelet that starts now.
                if machine.start(component):
                    since[node.name] = dt.datetime.now(dt.UTC)
        awaited = [node for node in nodes if not node.link.cut]
        if awaited:
            names = ", ".join(node.name for node in awaited)
            self._report.now(f"waiting for {names}")
            waiting.until(
                lambda: self._all_ready(awaited, since),
                within_s=_NODES_S,
                what=f"{names} to be Ready; see the logs in {self.layout.directory}/nodes",
            )
            self._report.step(f"ready: {names}")
        for node in awaited:
            pretence.claim(self.cluster, node)

    def load(self, wanted: Sequence[Image], nodes: Sequence[Node]) -> None:
        """Bring images into nodes that do not have them yet, into all nodes at once."""
        with tempfile.TemporaryDirectory(dir=self.layout.directory) as scratch:
            for image in wanted:
                self._load_one(image, nodes, Path(scratch))

    def stop(self) -> None:
        """End every process of the lab, then remove what it made in the kernel."""
        names = self._node_names()
        for name in names:
            self.machine(name).halt()
        group = cgroups.of_lab(self.lab)
        self._end_rest(group)
        network.remove(self.lab, names)
        network.remove_mount_of_namespaces()
        self.groups.remove(group)
        self.groups.remove_if_empty(cgroups.ROOT)

    def crash(self, node: Node) -> None:
        """End everything that runs on a node at once, as a power loss does."""
        if node.is_satellite:
            # First the link: one without power says no farewell to its connections.
            network.unplug(self.lab, node.name)
        self.machine(node.name).halt()
        if node.is_satellite:
            network.remove(self.lab, [node.name])

    def _wait_for_api(self) -> None:
        waiting.until(
            self.cluster.is_ready,
            within_s=_API_S,
            what=f"the API server to answer; see {self.machine(GROUND).log_of('apiserver')}",
        )
        self._report.step("the API server answers")

    def _wait_for_controllers(self) -> None:
        waiting.until(
            self.cluster.is_controlled,
            within_s=_API_S,
            what=f"the controllers to work; see the logs in {self.layout.log(GROUND)}",
        )

    def _switch_on(self, node: Node) -> None:
        machine = self.machine(node.name)
        if machine.init is None:
            machine.boot(self.distribution.programs)
            self._report.step(f"{node.name} is on")
        self.start_units(node)

    def start_units(self, node: Node) -> None:
        """Play the init system for the units that the node was provisioned with, if it was."""
        machine = self.machine(node.name)
        if names := enabled(machine.unit_directory):
            group = cgroups.of_node(self.lab, node.name)
            machine.start(
                Component(
                    name=_UNITS,
                    argv=(sys.executable, "-m", "perigee_lab.units", UNITS, f"{group}/units"),
                    # Known by what it starts: with another unit it is started anew.
                    files={"units-enabled": "\n".join(names)},
                )
            )

    def _start_runtime(self, state: State, node: Node) -> None:
        self._provision(node)
        machine = self.machine(node.name)
        for component in self.distribution.runtime(state, self.layout, node):
            machine.start(component)
            machine.wait_for_socket(component)
        for archive in self.distribution.initial_images():
            self.load(images.in_archive(archive), [node])

    def _provision(self, node: Node) -> None:
        # As the user's images expect it of whoever provisions a satellite.
        for directory in (STATE_DIRECTORY, ARTIFACT_DIRECTORY):
            path = self.layout.var_lib(node.name) / Path(directory).relative_to("/var/lib")
            path.mkdir(parents=True, exist_ok=True)
            os.chown(path, AGENT_UID, AGENT_UID)

    def _load_one(self, image: Image, nodes: Sequence[Node], scratch: Path) -> None:
        commands = {
            node.name: self.machine(node.name).inside(self.distribution.ctr) for node in nodes
        }
        missing = [name for name, ctr in commands.items() if not images.present(ctr, image)]
        if not missing:
            self._report.step(f"{image.name} is on {', '.join(commands)} already")
            return
        self._report.now(f"loading {image.name}")
        archive = image.write(scratch)
        with ThreadPoolExecutor() as pool:
            loads = [pool.submit(images.load, commands[name], image, archive) for name in missing]
            for load in loads:
                load.result()
        self._report.step(f"{image.name} is on {', '.join(missing)}")

    def _open_host_port(self, port: int) -> int:
        group = f"{cgroups.of_lab(self.lab)}/{_HOST_GROUP}"
        self.groups.create(group)
        port = host_port.ensure(self.lab, self.layout, self.groups.entrances(group), port)
        text = self.distribution.admin_kubeconfig(self.layout, f"https://127.0.0.1:{port}")
        self.layout.kubeconfig.touch(mode=0o600)
        self.layout.kubeconfig.write_text(text)
        return port

    def _all_ready(self, nodes: Iterable[Node], since: dict[str, dt.datetime]) -> bool:
        try:
            present = self.cluster.nodes()
        except LabError:
            return False
        return all(
            node.name in present and cluster.is_ready(present[node.name], since.get(node.name))
            for node in nodes
        )

    def _end_rest(self, group: str) -> None:
        def ended() -> bool:
            left = self.groups.processes(group)
            for pid in left:
                if process := processes.identify(pid):
                    process.kill()
            return not left

        waiting.until(ended, within_s=60, what=f"the end of the processes in {group}")

    def _node_names(self) -> list[str]:
        # What is there, whatever the state says: it may be lost.
        pattern = re.compile(rf"{re.escape(self.lab)}-(ground|sat-\d+)")
        namespaces = network.NAMESPACES.iterdir() if network.NAMESPACES.exists() else ()
        names = {found[1] for path in namespaces if (found := pattern.fullmatch(path.name))}
        directories = self.layout.directory / "nodes"
        if directories.exists():
            names |= {path.name for path in directories.iterdir()}
        return sorted(names)
