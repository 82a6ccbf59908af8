"""The samples are good resources."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from perigee_api import names

SAMPLES = [
    pytest.param(resource, id=f"{file.stem}-{resource['metadata']['name']}")
    for file in sorted((Path(__file__).parents[3] / "manifests/samples").glob("*.yaml"))
    for resource in yaml.safe_load_all(file.read_text())
    if resource and resource["apiVersion"] == names.API_VERSION
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_api_server_takes_the_sample(perigee: Any, sample: dict[str, Any]) -> None:
    if sample["kind"] == "RolloutAction":
        sample["spec"]["by"] = perigee.own_name()
    answer = perigee.create(sample, dryRun="All")
    assert answer.is_success, answer.text
