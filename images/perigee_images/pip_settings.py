"""The user's settings of pip, as far as they matter inside a build.

They travel as build secrets, so that neither an index's address nor a password in it is kept in a
layer.
"""

import ast
import configparser
import io
import os
import ssl
import sys
from pathlib import Path
from typing import Final

from perigee_images.command import UserError, read

CA_INSIDE: Final = "/run/secrets/ca.crt"

CARRIED: Final = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries")
"""Settings that mean the same inside; paths of this machine do not."""


def host_settings() -> dict[str, str]:
    """What pip is told on this machine, by files and by environment; nothing where pip is not."""
    try:
        listed = read([sys.executable, "-m", "pip", "config", "list"])
    except UserError:
        return {}
    return parse(listed)


def parse(listed: str) -> dict[str, str]:
    """The settings that are carried, from the output of ``pip config list``.

    Its lines are ``SECTION.KEY='VALUE'``; the environment (section ``:env:``) overrules files.
    """
    files: dict[str, str] = {}
    environment: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        key = key.removeprefix("default-")
        if section in {":env:", "global"} and key in CARRIED:
            (environment if section == ":env:" else files)[key] = ast.literal_eval(value)
    return files | environment


def pip_conf(settings: dict[str, str], *, with_ca: bool) -> str:
    """A pip.conf for the inside of a build."""
    config = configparser.RawConfigParser()
    config["global"] = settings | ({"cert": CA_INSIDE} if with_ca else {})
    text = io.StringIO()
    config.write(text)
    return text.getvalue()


def host_ca() -> Path | None:
    """The bundle of certificates that this machine trusts, where there is one."""
    named = os.environ.get("PIP_CERT") or ssl.get_default_verify_paths().cafile
    candidates = [named] if named else []
    candidates.append("/etc/ssl/certs/ca-certificates.crt")
    return next((Path(path) for path in candidates if Path(path).is_file()), None)
