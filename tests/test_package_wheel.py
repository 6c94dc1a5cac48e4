"""What is installed: the wheel holds every file of the package, the licence and the entry points."""

import importlib
import os
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    directory = tmp_path_factory.mktemp("wheel")
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(directory), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        yield archive


def source_files():
    """Every file of the package that git knows or, outside a clone, that is there."""
    listed = subprocess.run(["git", "ls-files", "src/ebee"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        return {name.removeprefix("src/") for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    files = (p for p in (ROOT / "src/ebee").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {os.path.relpath(p, ROOT / "src") for p in files}


def test_wheel_holds_every_file_of_the_package(wheel):
    missing = source_files() - set(wheel.namelist())
    assert not missing
    assert "ebee/py.typed" in wheel.namelist()


def test_wheel_holds_nothing_else(wheel):
    strangers = [n for n in wheel.namelist() if not n.startswith(("ebee/", "ebee-"))]
    assert not strangers


def test_wheel_is_for_every_platform(wheel):
    assert Path(wheel.filename).name.endswith("-py3-none-any.whl")


def test_wheel_names_its_licence(wheel):
    (metadata,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    assert "License-Expression: Apache-2.0" in wheel.read(metadata).decode()
    assert any(n.endswith("/licenses/LICENSE") for n in wheel.namelist())


SCRIPTS = PROJECT["project"]["scripts"]
PLUGINS = PROJECT["project"].get("entry-points", {}).get("pytest11", {})


@pytest.mark.parametrize("target", sorted({*SCRIPTS.values(), *PLUGINS.values()}))
def test_entry_point_exists(target):
    module, _, name = target.partition(":")
    found = importlib.import_module(module)
    if name:
        assert callable(getattr(found, name))
