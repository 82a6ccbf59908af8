from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
import yaml

from perigee_api import ground_station
from perigee_api.generate.__main__ import main
from perigee_api.generate.documents import differences, documents, template

CHECKOUT = Path(__file__).parents[3]


def test_what_is_committed_is_what_is_generated() -> None:
    assert list(differences(CHECKOUT, documents())) == []


def test_manifest_and_template_hold_the_same() -> None:
    for path, text in documents().items():
        if path.is_relative_to("crds/yaml"):
            rendered = documents()[PurePosixPath("charts/perigee-crds/templates", path.name)]
            kept = [
                line
                for line in rendered.splitlines()
                if "{{" not in line
                and line.strip() != "annotations:"
                and "resource-policy" not in line
            ]
            assert yaml.safe_load("\n".join(kept)) == yaml.safe_load(text)


def test_what_helm_would_take_for_its_own_is_refused() -> None:
    resource = replace(ground_station.RESOURCE, description="A {{ place }}.")
    with pytest.raises(ValueError, match=r"GroundStation: .*Helm"):
        template(resource)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "crds").mkdir()
    assert main(["--root", str(tmp_path)]) == 0
    return tmp_path


def test_check_passes_on_what_was_written(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check", "--root", str(checkout)]) == 0
    assert capsys.readouterr().err == ""


def test_check_names_what_differs(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = checkout / "crds/yaml/groundstations.yaml"
    file.write_text(file.read_text().replace("maximum: 90", "maximum: 91", 1))
    assert main(["--check", "--root", str(checkout)]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("crds/yaml/groundstations.yaml differs:\n")
    assert "maximum: 91" in complaint
    assert "make generate" in complaint
    assert "inferencemodels" not in complaint
    assert "maximum: 91" in file.read_text(), "--check writes nothing"


@pytest.mark.parametrize(
    "path", ["docs/api.md", "charts/perigee-crds/templates/satellitenodes.yaml"]
)
def test_check_names_what_is_missing(
    checkout: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / path).unlink()
    assert main(["--check", "--root", str(checkout)]) == 1
    assert f"{path} is missing\n" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["crds/yaml", "charts/perigee-crds/templates"])
def test_check_names_what_is_of_no_resource(
    checkout: Path, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / folder / "moons.yaml").write_text("")
    assert main(["--check", "--root", str(checkout)]) == 1
    assert f"{folder}/moons.yaml is of no resource\n" in capsys.readouterr().err


def test_elsewhere_than_in_a_checkout_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--root", str(tmp_path)])
    assert stopped.value.code == 2
    assert "not the root of a checkout" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
