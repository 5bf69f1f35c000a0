"""Settings that every test shares."""

from __future__ import annotations

from pathlib import Path

import pytest


class _RootIsNoPackage:
    """Keeps pytest from importing the repository's root under the name of its folder.

    The root has an `__init__.py` because it is the package `spatune`; pytest takes such a folder
    for a package of tests and would load the file a second time, as `main` or `checkout`.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(
        self, path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        if path == parent.config.rootpath:
            return pytest.Dir.from_parent(parent, path=path)
        return None


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_RootIsNoPackage())
