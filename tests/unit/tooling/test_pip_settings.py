# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""uv goes to the package index that pip would go to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dev import envs, pip_settings


def test_what_pip_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file and its variables count, and nothing that is not about the way to the index."""
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://mirror.example/simple\nextra-index-url =\n    https://a.example\n    https://b.example\n"
        "find-links = /wheels /more\nrequire-virtualenv = true\n",
        encoding="utf-8",
    )
    for name in ("PIP_CERT", "PIP_FIND_LINKS", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "44")
    settings = pip_settings.read(envs.ensure("main"))
    assert "require-virtualenv" not in settings
    variables = pip_settings.for_uv(settings)
    assert variables["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert variables["UV_INDEX"].split() == ["https://a.example", "https://b.example"]
    assert variables["UV_FIND_LINKS"] == "/wheels,/more"
    assert variables["UV_HTTP_TIMEOUT"] == "44"


def test_every_setting_has_its_variable() -> None:
    """None is lost on the way."""
    assert set(pip_settings.UV) == pip_settings.OPTIONS
