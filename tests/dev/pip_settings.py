# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's way to a package index, as pip has it, for tools that do not read pip's settings."""

from __future__ import annotations

import ast
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OPTIONS = {
    "cert", "client-cert", "extra-index-url", "find-links", "index-url", "no-index", "proxy", "timeout", "trusted-host",
}  # fmt: skip
# https://docs.astral.sh/uv/reference/environment/
UV = {
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "no-index": "UV_NO_INDEX",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "trusted-host": "UV_INSECURE_HOST",
}


def read(home: Path) -> dict[str, str]:
    """Return what pip of the environment at `home` would use: its files, its variables and the proxy's variable."""
    command = [str(home / "bin" / "python"), "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    settings = {}
    if proxy := os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        settings["proxy"] = proxy
    for line in listed.splitlines():
        key, value = line.split("=", maxsplit=1)
        # The option has two names, and PIP_DEFAULT_TIMEOUT is the one that people set.
        name = key.rpartition(".")[2].replace("default-timeout", "timeout")
        if name in OPTIONS:
            settings[name] = str(ast.literal_eval(value)).replace("\n", " ")
    return settings


def for_uv(settings: Mapping[str, str]) -> dict[str, str]:
    """Return pip's settings as the environment variables of uv."""
    variables = {UV[name]: value for name, value in settings.items()}
    if "UV_FIND_LINKS" in variables:
        variables["UV_FIND_LINKS"] = ",".join(variables["UV_FIND_LINKS"].split())
    return variables
