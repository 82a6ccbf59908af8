"""Perigee, installed in a lab as a user would: images, depot, charts."""

import json
import subprocess
from dataclasses import dataclass
from typing import Final

import yaml

from perigee_api import names
from perigee_demo.artifacts.depot import place
from perigee_demo.artifacts.files import Artifacts
from perigee_demo.checkout import CHECKOUT, SAMPLES
from perigee_lab import builds
from perigee_lab.lab import Lab
from perigee_lab.progress import Report

INSTALLED_WITHIN: Final = "180s"
OPERATOR_NODES: Final = ("ground",)
"""Nobody else runs the operator: its image need not go up."""


class InstallationError(Exception):
    """Something that the installation needs failed; the text says what."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image that was built."""

    repository: str
    tag: str
    image: str
    archive: str


def install(lab: Lab, artifacts: Artifacts, report: Report) -> str:
    """Brings Perigee into a lab that is up.

    Returns:
        URL of the depot, which holds the artifacts.

    Raises:
        InstallationError: a command failed.
        LabError: the lab refused.
    """
    report.now("images")
    images = {part: Image(**fields) for part, fields in json.loads(_run(_images())).items()}
    for part, image in images.items():
        lab.load(image.archive, nodes=OPERATOR_NODES if part == "operator" else None)
    report.step(f"images loaded: {', '.join(image.image for image in images.values())}")
    report.now("charts")
    helm_upgrade(lab, "perigee-crds")
    helm_upgrade(
        lab,
        "perigee",
        f"--set=operator.image.tag={images['operator'].tag}",
        f"--set=agent.image.tag={images['edge'].tag}",
        # No names are resolved in the lab: artifacts are named by address.
        "--set=agent.dnsPolicy=Default",
    )
    report.step("charts perigee-crds and perigee installed by helm")
    place(artifacts, lab.depot_directory)
    depot = _depot(lab, images["edge"])
    report.step(f"depot at {depot}")
    return depot


def helm_upgrade(lab: Lab, chart: str, *options: str) -> None:
    """Installs a chart of this checkout, or upgrades it, and waits until what it runs is ready.

    Raises:
        InstallationError: helm failed.
    """
    path = str(CHECKOUT / "charts" / chart)
    _helm(lab, "upgrade", "--install", "--create-namespace", *options, chart, path)


def helm_uninstall(lab: Lab, chart: str) -> None:
    """Uninstalls a chart, and waits until what it ran is gone.

    Raises:
        InstallationError: helm failed.
    """
    _helm(lab, "uninstall", chart)


def _images() -> list[str]:
    return [str(CHECKOUT / "images" / "build")]


def _helm(lab: Lab, *arguments: str) -> None:
    _run(
        [
            str(builds.tool("helm")),
            f"--kubeconfig={lab.kubeconfig}",
            f"--namespace={names.SYSTEM_NAMESPACE}",
            *arguments,
            "--wait",
            f"--timeout={INSTALLED_WITHIN}",
        ]
    )


def _depot(lab: Lab, image: Image) -> str:
    """Starts the depot of the samples with the image that was built."""
    sample = (SAMPLES / "depot.yaml").read_text()
    objects = list(yaml.safe_load_all(sample))
    for each in objects:
        if each["kind"] == "Deployment":
            pod = each["spec"]["template"]["spec"]
            pod["dnsPolicy"] = "Default"
            pod["containers"][0]["image"] = image.image
    lab.cluster.run("apply", "--filename=-", stdin=yaml.safe_dump_all(objects))
    in_namespace = f"--namespace={names.SYSTEM_NAMESPACE}"
    lab.cluster.run(
        "rollout", "status", "deployment/depot", in_namespace, f"--timeout={INSTALLED_WITHIN}"
    )
    service = json.loads(lab.cluster.run("get", "service/depot", in_namespace, "--output=json"))
    return f"http://{service['spec']['clusterIP']}"


def _run(command: list[str]) -> str:
    """A command's output; what it says on standard error is shown when it fails."""
    ended = subprocess.run(  # noqa: S603 - of this checkout
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if ended.returncode != 0:
        raise InstallationError(f"{' '.join(command)}: {ended.stderr.strip()[-4000:]}")
    return ended.stdout
