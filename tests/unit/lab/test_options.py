import pytest

from perigee_lab import options
from perigee_lab.errors import LabError


@pytest.mark.parametrize(
    ("text", "expected"), [("", []), ("arm64", ["arm64"]), ("arm64, amd64,", ["arm64", "amd64"])]
)
def test_values_between_commas(text: str, expected: list[str]) -> None:
    assert options.comma_separated(text) == expected


def test_pairs_are_gathered_by_node() -> None:
    texts = ["sat-1=a=b", "sat-2=nvidia.com/gpu=1", "sat-1=c=d=e"]
    assert options.pairs_by_node(texts) == {
        "sat-1": {"a": "b", "c": "d=e"},
        "sat-2": {"nvidia.com/gpu": "1"},
    }


@pytest.mark.parametrize("text", ["", "sat-1", "sat-1=a", "=a=b", "sat-1==b", "sat-1=a="])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(LabError, match="NODE=KEY=VALUE"):
        options.pairs_by_node([text])
