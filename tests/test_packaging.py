"""What `pip install` puts on a machine: our four packages, whole, and no name besides."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "interbeat_collector": "collector",
    "interbeat_analysis": "analysis",
    "interbeat_server": "server",
    "interbeat_dashboard": "dashboard",
}
NOT_COPIED = shutil.ignore_patterns(".*_cache", ".git", ".venv", ".hypothesis", "node_modules")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which somebody made virtual environments of their own."""
    copy = tmp_path_factory.mktemp("project") / "copy"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    for stray in (".venv", "env", "server/env"):
        (copy / stray / "lib").mkdir(parents=True)
        (copy / stray / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return copy


@pytest.fixture(scope="module")
def wheel(tree: Path) -> Path:
    return build(tree, "build_wheel")


@pytest.fixture(scope="module")
def editable_wheel(tree: Path) -> Path:
    return build(tree, "build_editable")


@pytest.fixture(scope="module")
def sdist(tree: Path) -> Path:
    return build(tree, "build_sdist")


def build(tree: Path, step: str) -> Path:
    """Call one step of the build backend as pip does, without fetching it anew."""
    target = tree.parent / step
    target.mkdir()
    code = f"import hatchling.build; hatchling.build.{step}({str(target)!r})"
    subprocess.run([sys.executable, "-P", "-c", code], cwd=tree, check=True, capture_output=True)
    (built,) = target.iterdir()
    return built


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """The Python of a virtual environment with nothing in it."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def install(wheel: Path, python: Path) -> None:
    """Unpack `wheel` where `python` looks for packages."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.check_output([python, "-c", ask], text=True).strip()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)


def locate(python: Path, names: list[str], elsewhere: Path, **variables: str) -> dict[str, str]:
    """Where `python`, started in the folder `elsewhere`, finds each of `names` ("" for nowhere)."""
    code = (
        "import importlib.util, json, sys\n"
        "specs = {name: importlib.util.find_spec(name) for name in sys.argv[1:]}\n"
        "print(json.dumps({name: spec.origin if spec else '' for name, spec in specs.items()}))"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    answer = subprocess.run(
        [python, "-c", code, *names],
        cwd=elsewhere,
        env=clean | variables,
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(answer.stdout))


def test_the_wheel_holds_our_four_packages_and_no_other_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        top_level = {name.partition("/")[0] for name in archive.namelist()}

    assert {name for name in top_level if not name.endswith(".dist-info")} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_holds_every_file_of(package: str, wheel: Path, tree: Path) -> None:
    root = tree / PACKAGES[package]
    files = {path.relative_to(root).as_posix() for path in (root / package).rglob("*.*")}
    ours = {name for name in files if "__pycache__" not in name}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith(f"{package}/")}

    assert packed == ours
    assert f"{package}/py.typed" in packed


def test_the_dashboard_travels_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = [name for name in archive.namelist() if name.startswith("interbeat_dashboard/")]

    assert {".html", ".css", ".js"} <= {Path(name).suffix for name in files}


def test_the_wheel_installs_the_command_interbeat(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        entry_points = archive.read(name).decode()

    assert "interbeat = interbeat_server.__main__:main" in entry_points


def test_the_source_archive_holds_no_virtual_environment(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = archive.getnames()

    assert any(name.endswith("/run.py") for name in names)
    assert [name for name in names if name.endswith("pyvenv.cfg")] == []


def test_an_editable_installation_imports_from_the_checkout(
    editable_wheel: Path, tree: Path, bare_python: Path, tmp_path: Path
) -> None:
    install(editable_wheel, bare_python)

    found = locate(bare_python, list(PACKAGES), tmp_path)

    assert found == {
        package: str(tree / folder / package / "__init__.py")
        for package, folder in PACKAGES.items()
    }


def test_a_bare_checkout_imports_with_the_folders_that_pytest_is_given(
    tree: Path, bare_python: Path, tmp_path: Path
) -> None:
    settings = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))
    folders = settings["tool"]["pytest"]["ini_options"]["pythonpath"]

    path = os.pathsep.join(str(tree / folder) for folder in folders)
    found = locate(bare_python, list(PACKAGES), tmp_path, PYTHONPATH=path)

    assert "" not in found.values()


@pytest.mark.parametrize("kind", ["wheel", "editable_wheel"])
def test_no_common_name_is_taken_from_other_packages(
    kind: str, request: pytest.FixtureRequest, bare_python: Path, tmp_path: Path
) -> None:
    install(request.getfixturevalue(kind), bare_python)

    found = locate(bare_python, [*PACKAGES.values(), "tests", "run"], tmp_path)

    assert set(found.values()) == {""}
