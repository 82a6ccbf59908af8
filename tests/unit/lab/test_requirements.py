import pytest

from perigee_lab import requirements
from perigee_lab.errors import LabError


def test_everything_that_is_missing_is_named_once_by_its_package() -> None:
    absent = {"containerd", "ctr", "tc", "/usr/lib/cni/ptp"}
    missing = requirements.missing_packages(lambda name: name not in absent)
    assert missing == ["containerd", "containernetworking-plugins", "iproute2"]


def test_one_message_says_what_to_run() -> None:
    with pytest.raises(LabError, match=r"apt-get install .* runc$"):
        requirements.check(user=0, found=lambda name: name != "runc")


def test_it_needs_root() -> None:
    with pytest.raises(LabError, match="only root may"):
        requirements.check(user=1000, found=lambda _: True)
    requirements.check(user=0, found=lambda _: True)
