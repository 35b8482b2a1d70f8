"""The checks a reviewer would run by hand: linters, types, rules of dependency, clean files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DASHBOARD = ROOT / "dashboard"
NODE, NPM, GIT = (shutil.which(name) for name in ("node", "npm", "git"))
UNDER_CI = os.environ.get("CI") == "true"
MACHINE_PATH = re.compile(r"/(?:home|Users|root|work)/\w|[A-Z]:\\+Users\\|\.\./shared")
REGISTRY_HOST = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|yarnpkg)\.(?:org|com)|\bdeb\.debian\.org", re.IGNORECASE
)


def check(*command: str | Path, folder: Path = ROOT) -> None:
    """Run `command` in `folder`; when it finds fault, what it says is the failure."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    folders = settings["tool"]["pytest"]["ini_options"]["pythonpath"]
    checkout = {"PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in folders)}
    result = subprocess.run(
        command, cwd=folder, env=os.environ | checkout, capture_output=True, text=True
    )
    if result.returncode != 0:
        pytest.fail(result.stdout + result.stderr, pytrace=False)


def miss(what: str) -> None:
    """Skip on a developer's machine that lacks `what`; CI has it."""
    if UNDER_CI:
        pytest.fail(f"{what} is missing", pytrace=False)
    pytest.skip(f"no {what}")


def tracked_files() -> list[Path]:
    if GIT is None or not (ROOT / ".git").exists():
        miss("git checkout")
    listing = subprocess.run(
        [str(GIT), "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_ruff_finds_no_fault() -> None:
    check(sys.executable, "-m", "ruff", "check", "--no-cache")


def test_every_python_file_is_formatted() -> None:
    check(sys.executable, "-m", "ruff", "format", "--check", "--no-cache")


def test_the_types_of_the_packages_hold() -> None:
    check(sys.executable, "-m", "mypy")


def test_the_types_of_the_launcher_hold() -> None:
    check(sys.executable, "-m", "mypy", "run.py")


def test_the_packages_depend_on_each_other_only_as_agreed() -> None:
    check(Path(sys.executable).with_name("lint-imports"), "--no-cache")


def test_the_modules_of_the_page_pass_their_own_tests() -> None:
    tests = sorted((ROOT / "tests" / "dashboard").glob("*.test.js"))
    assert tests
    if NODE is None:
        miss("Node")
    check(str(NODE), "--test", *tests)


def test_the_types_of_the_page_hold() -> None:
    wanted = json.loads((DASHBOARD / "package.json").read_text("utf-8"))["devDependencies"]
    if NPM is None:
        miss("npm")
    npm_exec = [str(NPM), "exec", "--yes", f"--package=typescript@{wanted['typescript']}", "--"]
    if subprocess.run(
        [*npm_exec, "tsc", "--version"], cwd=DASHBOARD, capture_output=True
    ).returncode:
        miss("TypeScript")
    check(*npm_exec, "tsc", "--noEmit", folder=DASHBOARD)


@pytest.mark.parametrize(
    "pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["a_path_of_one_machine", "a_registry_host"]
)
def test_no_file_names(pattern: re.Pattern[str]) -> None:
    texts = {path: path.read_text("utf-8", "replace") for path in tracked_files()}
    found = [
        f"{path.name}: {hit[0]}" for path, text in texts.items() for hit in pattern.finditer(text)
    ]

    assert found == []


def test_test_folders_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
