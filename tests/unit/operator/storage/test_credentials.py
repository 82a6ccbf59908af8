from pathlib import Path

import pytest

from perigee_operator.storage import credentials
from perigee_operator.storage.credentials import own_namespace


@pytest.mark.parametrize(
    ("server", "written", "namespace"),
    [
        ("10.0.0.1", "perigee\n", "perigee"),
        ("10.0.0.1", "", None),
        ("10.0.0.1", None, None),
        ("", "perigee", None),
    ],
)
def test_the_namespace_of_the_operator_s_own_pod(
    server: str,
    written: str | None,
    namespace: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "namespace"
    if written is not None:
        file.write_text(written)
    monkeypatch.setattr(credentials, "NAMESPACE_FILE", file)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", server)
    assert own_namespace() == namespace
