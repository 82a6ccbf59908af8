import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from perigee_lab.builds import tool

CHART = Path(__file__).parents[3] / "charts/perigee"
KUBERNETES = "1.34.4"

Objects = dict[str, Any]
Render = Callable[[Mapping[str, Any]], Objects]


@pytest.fixture(scope="session")
def render() -> Render:
    """What `helm install` would send with these values: objects by kind/name.

    The key is kind/namespace/name where the namespace is not the release's. Refused values raise
    CalledProcessError, with what helm said in stderr.
    """
    command = [str(tool("helm")), "template", "perigee", str(CHART), "--namespace=perigee"]
    command += ["--values=-", f"--kube-version={KUBERNETES}"]

    def template(values: Mapping[str, Any]) -> Objects:
        done = subprocess.run(  # noqa: S603 - our own helm
            command,
            input=json.dumps(values),
            capture_output=True,
            text=True,
            check=True,
        )
        return {_key(item): item for item in yaml.safe_load_all(done.stdout) if item}

    return template


@pytest.fixture(scope="session")
def defaults(render: Render) -> Objects:
    return render({})


def _key(item: Mapping[str, Any]) -> str:
    namespace = item["metadata"].get("namespace", "perigee")
    within = "" if namespace == "perigee" else f"{namespace}/"
    return f"{item['kind']}/{within}{item['metadata']['name']}"
