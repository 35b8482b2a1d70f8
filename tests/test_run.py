"""The launcher, run for real in small projects of its own with an installer that takes notes."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

LAUNCHER = Path(__file__).parents[1] / "run.py"
PROJECT = """\
[build-system]
requires = ["hatchling"]
[project]
name = "interbeat"
dependencies = []
[tool.ruff]
line-length = 100
"""
# What the installer puts into the environment in place of interbeat and pytest.
PROGRAM = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)])); sys.exit(7)"
PYTEST = "import os, sys; print('pytest', *sys.argv[1:], 'in', os.path.basename(os.getcwd()))"
# Called as uv or as the Python that runs the launcher: neither ensurepip nor (by default) pip.
INSTALLER = """\
#!{python} -IS
import json, os, subprocess, sys, time
from pathlib import Path

name, arguments = Path(sys.argv[0]).name, sys.argv[1:]
with open({notes!r}, "a") as notes:
    notes.write(json.dumps([name, arguments, dict(os.environ)]) + "\\n")
if "import ensurepip" in arguments:
    sys.exit(1)
if "import pip" in arguments:
    sys.exit(0 if os.environ.get("FAKE_HOST_PIP") else 1)
if "venv" in arguments:
    folder = [argument for argument in arguments if argument != "--without-pip"][-1]
    sys.exit(subprocess.call([sys.executable, "-m", "venv", "--without-pip", folder]))
if name == os.environ.get("FAKE_BROKEN"):
    print("error: Failed to fetch the list of packages")
    sys.exit(2)
time.sleep(float(os.environ.get("FAKE_INSTALL_S", "0")))
environment = Path(arguments[arguments.index("--python") + 1]).parents[1]
(packages,) = environment.glob("lib/python*/site-packages")
for module, source in {programs!r}.items():
    (packages / module).mkdir(exist_ok=True)
    (packages / module / "__main__.py").write_text(source)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the installer is a script")


class Clone:
    """A fresh clone of a small project, and the machine it is on."""

    def __init__(self, folder: Path, machine: Path) -> None:
        self.folder = folder
        self.environment = folder / ".venv"
        self._machine = machine
        self._notes = machine / "notes"
        (folder / "tests").mkdir(parents=True)
        shutil.copy(LAUNCHER, folder)
        (folder / "pyproject.toml").write_text(PROJECT)
        (folder / "tests" / "browser_finder.py").write_text("print('looked for a browser')")
        for name in ("uv", "base-python"):
            self._install_fake(machine / "bin" / name)

    def _install_fake(self, path: Path) -> None:
        programs = {"interbeat_server": PROGRAM, "pytest": PYTEST}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            INSTALLER.format(python=sys.executable, notes=str(self._notes), programs=programs)
        )
        path.chmod(0o755)

    def start(self, *arguments: str, prelude: str = "", **variables: str) -> subprocess.Popen[str]:
        """Start `python run.py ARGUMENTS` as that machine's own Python would."""
        script = str(self.folder / "run.py")
        base_python = str(self._machine / "bin" / "base-python")
        code = (
            f"import runpy, sys; sys._base_executable = {base_python!r}; {prelude}\n"
            f"sys.argv = {[script, *arguments]!r}\n"
            f"runpy.run_path({script!r}, run_name='__main__')"
        )
        machine = {
            "PATH": f"{self._machine / 'bin'}:/usr/bin:/bin",
            "HOME": str(self._machine / "home"),
            "TMPDIR": str(self._machine),
        }
        return subprocess.Popen(
            [sys.executable, "-I", "-c", code],
            env=machine | variables,
            cwd=self._machine,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **settings: str) -> tuple[int, str, str]:
        """Return the exit code, what was printed and what was told."""
        process = self.start(*arguments, **settings)
        printed, told = process.communicate(timeout=60)
        return process.returncode, printed, told

    def program(self, *arguments: str, **settings: str) -> tuple[list[str], dict[str, str]]:
        """Return the arguments and the environment variables that reached interbeat."""
        code, printed, told = self.run(*arguments, **settings)
        assert code == 7, told
        received, variables = json.loads(printed)
        return received, variables

    def installs(self) -> list[tuple[list[str], dict[str, str]]]:
        """Arguments and environment variables of the installations so far, oldest first."""
        if not self._notes.exists():
            return []
        calls = [json.loads(line) for line in self._notes.read_text().splitlines()]
        return [
            (arguments, variables) for _, arguments, variables in calls if "install" in arguments
        ]

    def cached_environments(self) -> list[Path]:
        return list((self._machine / "home" / ".cache" / "interbeat").glob("*"))

    def wait_for_installer(self) -> None:
        deadline_s = time.monotonic() + 20
        while not self.installs() and time.monotonic() < deadline_s:
            time.sleep(0.02)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "a clone", tmp_path / "machine")


@pytest.fixture(scope="module")
def launcher() -> ModuleType:
    spec = importlib.util.spec_from_file_location("launcher", LAUNCHER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_verb_and_its_options_reach_interbeat_and_its_exit_code_comes_back(
    clone: Clone,
) -> None:
    code, printed, told = clone.run("demo", "--port", "8777", "--no-browser")

    assert code == 7
    assert json.loads(printed)[0] == ["demo", "--port", "8777", "--no-browser"]
    assert told.startswith("Setting up interbeat")


def test_without_a_verb_interbeat_starts_without_one(clone: Clone) -> None:
    assert clone.program()[0] == []


def test_a_second_start_runs_no_installer_and_says_nothing(clone: Clone) -> None:
    clone.run("demo")
    shutil.rmtree(clone.folder.parent / "machine" / "bin")

    assert clone.run("demo")[2] == ""
    assert len(clone.installs()) == 1


@pytest.mark.parametrize("left", ["pyvenv.cfg", "interbeat.lock"])
def test_a_half_made_environment_is_made_anew(clone: Clone, left: str) -> None:
    clone.environment.mkdir()
    (clone.environment / left).touch()
    (clone.environment / "lib").mkdir()
    (clone.environment / "lib" / "half a package").touch()

    clone.program("demo")

    assert not (clone.environment / "lib" / "half a package").exists()


def test_a_torn_stamp_counts_as_none(clone: Clone) -> None:
    clone.program("demo")
    (clone.environment / "interbeat-ready.json").write_text('{"origin": {')

    clone.program("demo")

    assert len(clone.installs()) == 2


def test_an_environment_without_its_python_is_made_anew(clone: Clone) -> None:
    clone.program("demo")
    (clone.environment / "bin" / "python").unlink()

    clone.program("demo")

    assert len(clone.installs()) == 2


def test_a_folder_that_is_no_environment_is_left_alone(clone: Clone) -> None:
    clone.environment.mkdir()
    (clone.environment / "diary.txt").write_text("mine")

    clone.program("demo")

    assert [path.name for path in clone.environment.iterdir()] == ["diary.txt"]
    assert len(clone.cached_environments()) == 1


def test_changed_dependencies_are_installed_over_the_old_ones(clone: Clone) -> None:
    clone.program("demo")
    (clone.environment / "kept").touch()
    (clone.folder / "pyproject.toml").write_text(PROJECT.replace("[]", '["numpy"]'))

    clone.program("demo")

    assert len(clone.installs()) == 2
    assert (clone.environment / "kept").exists()


def test_changed_settings_of_a_linter_need_no_installer(clone: Clone) -> None:
    clone.program("demo")
    (clone.folder / "pyproject.toml").write_text(PROJECT.replace("100", "90"))

    clone.program("demo")

    assert len(clone.installs()) == 1


def test_a_moved_clone_is_set_up_anew(clone: Clone, tmp_path: Path) -> None:
    clone.program("demo")
    (clone.environment / "of the old folder").touch()
    clone.folder = clone.folder.rename(tmp_path / "moved")

    clone.program("demo")

    assert len(clone.installs()) == 2
    assert not (clone.folder / ".venv" / "of the old folder").exists()


def test_another_python_makes_the_environment_anew(clone: Clone) -> None:
    clone.program("demo")

    clone.program("demo", prelude="sys.version = '3.99.0'")

    assert len(clone.installs()) == 2


def test_of_two_starts_at_once_one_installs_and_the_other_waits(clone: Clone) -> None:
    first = clone.start("demo", FAKE_INSTALL_S="1")
    clone.wait_for_installer()
    second = clone.start("demo")

    told = [process.communicate(timeout=60)[1] for process in (first, second)]

    assert [first.returncode, second.returncode] == [7, 7]
    assert "Another start is installing, waiting" in told[1]
    assert len(clone.installs()) == 1


def test_an_installer_that_outlives_its_launcher_is_waited_for(clone: Clone) -> None:
    first = clone.start("demo", FAKE_INSTALL_S="1")
    clone.wait_for_installer()
    first.kill()
    first.communicate()

    code, _, told = clone.run("demo")

    assert code == 7
    assert "waiting" in told


def test_ctrl_c_during_the_set_up_ends_with_130_and_no_traceback(clone: Clone) -> None:
    process = clone.start("demo", FAKE_INSTALL_S="60")
    clone.wait_for_installer()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "Traceback" not in told
    assert "waiting" not in clone.run("demo")[2], "the installer was left running"


def test_ctrl_c_while_running_is_left_to_the_program(clone: Clone) -> None:
    clone.program("demo")
    (packages,) = clone.environment.glob("lib/python*/site-packages")
    (packages / "interbeat_server" / "__main__.py").write_text(
        "import sys, time\n"
        "try:\n    print('running', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    sys.exit(0)"
    )

    process = clone.start("demo")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)

    assert (process.returncode, told) == (0, "")


def test_a_failed_installation_tells_why_and_where_the_log_is(clone: Clone) -> None:
    code, printed, told = clone.run("demo", FAKE_BROKEN="uv")

    assert (code, printed) == (1, "")
    assert "the package registry could not be reached" in told
    assert "error: Failed to fetch the list of packages" in told
    assert str(clone.environment / "interbeat-setup.log") in told
    assert "Traceback" not in told


def test_a_failed_installation_is_tried_again_at_the_next_start(clone: Clone) -> None:
    clone.run("demo", FAKE_BROKEN="uv")

    clone.program("demo")


def test_pip_is_tried_when_uv_fails(clone: Clone) -> None:
    _, _, told = clone.run("demo", FAKE_BROKEN="uv", FAKE_HOST_PIP="1")

    assert "uv could not install it, trying with pip..." in told
    assert "--no-compile" in clone.installs()[-1][0]
    assert clone.program("demo")[0] == ["demo"]


def test_a_python_without_venv_names_the_package_to_install(clone: Clone) -> None:
    (clone.folder.parent / "machine" / "bin" / "uv").unlink()

    code, _, told = clone.run("demo")

    assert code == 1
    assert len(told.splitlines()) == 1
    assert f"apt install python3.{sys.version_info.minor}-venv" in told


def test_a_pip_of_the_host_installs_where_ensurepip_is_missing(clone: Clone) -> None:
    (clone.folder.parent / "machine" / "bin" / "uv").unlink()

    clone.program("demo", FAKE_HOST_PIP="1")

    arguments, _ = clone.installs()[0]
    assert arguments[arguments.index("--python") + 1] == str(clone.environment / "bin" / "python")


def test_the_verb_test_runs_pytest_with_what_the_tests_need(clone: Clone) -> None:
    code, printed, _ = clone.run("test", "-k", "lag")

    assert code == 0
    assert printed.splitlines() == ["looked for a browser", "pytest -k lag in a clone"]
    assert clone.installs()[0][0][-1] == ".[test]"


def test_the_verb_bench_runs_the_benchmarks_with_their_peers(clone: Clone) -> None:
    (clone.folder / "benchmarks").mkdir()
    (clone.folder / "benchmarks" / "__main__.py").write_text("import sys; print(sys.argv[1:])")

    code, printed, _ = clone.run("bench", "decoder", "--quick")

    assert code == 0
    assert printed.splitlines() == ["['decoder', '--quick']"]
    assert clone.installs()[0][0][-1] == ".[bench]"


def test_what_the_tests_need_is_added_once(clone: Clone) -> None:
    for verb in ("demo", "test", "demo", "test"):
        clone.run(verb)

    assert [arguments[-1] for arguments, _ in clone.installs()] == [".", ".[test]"]


def test_settings_that_lead_elsewhere_reach_neither_installer_nor_program(clone: Clone) -> None:
    foreign = {
        "PYTHONPATH": "/elsewhere",
        "PYTHONWARNINGS": "error",
        "PIP_TARGET": "/elsewhere",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "UV_SYSTEM_PYTHON": "1",
        "UV_PROJECT_ENVIRONMENT": "/elsewhere",
        "VIRTUAL_ENV": "/elsewhere",
        "CONDA_PREFIX": "/elsewhere",
    }

    _, of_program = clone.program("demo", PIP_USER="1", **foreign)
    _, of_installer = clone.installs()[0]

    assert not foreign.keys() & of_program.keys()
    assert not foreign.keys() & of_installer.keys()
    assert of_installer["PIP_USER"] == "0"


def test_the_place_packages_come_from_is_the_users_choice(clone: Clone) -> None:
    chosen = {
        "PIP_INDEX_URL": "https://packages.example/simple",
        "PIP_CONFIG_FILE": "/etc/pip-of-the-lab.conf",
        "PIP_CERT": "/etc/lab.pem",
        "UV_DEFAULT_INDEX": "https://packages.example/simple",
        "UV_INDEX_LAB_PASSWORD": "secret",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "SSL_CERT_FILE": "/etc/lab.pem",
    }

    clone.program("demo", **chosen)

    assert chosen.items() <= clone.installs()[0][1].items()


def test_python_home_is_dropped(launcher: ModuleType) -> None:
    assert launcher.leads_elsewhere("PYTHONHOME")


@pytest.mark.parametrize(
    ("arguments", "extras"),
    [
        (["demo"], set()),
        (["bench-strap", "--ecg"], {"bumble"}),
        (["analyze", "x", "--full"], {"full"}),
        (["analyze", "x", "--ecg", "--json"], {"full"}),
        (["analyze", "x"], set()),
        (["record", "--ecg"], set()),
    ],
)
def test_a_command_brings_the_packages_that_it_alone_needs(
    launcher: ModuleType, arguments: list[str], extras: set[str]
) -> None:
    assert launcher.extras_of(arguments) == extras


def test_the_program_can_name_the_command_to_call_it_again(clone: Clone) -> None:
    _, variables = clone.program("demo")

    assert variables["INTERBEAT_COMMAND"].endswith(f"'{clone.folder / 'run.py'}'")


def test_files_of_the_current_folder_shadow_nothing(clone: Clone) -> None:
    (clone.folder.parent / "machine" / "json.py").write_text("raise SystemExit('shadowed')")

    clone.program("demo")


def test_interbeat_venv_names_the_folder(clone: Clone, tmp_path: Path) -> None:
    clone.program("demo", INTERBEAT_VENV=str(tmp_path / "chosen"))
    clone.program("demo", INTERBEAT_VENV=str(tmp_path / "chosen"))

    assert (tmp_path / "chosen" / "pyvenv.cfg").exists()
    assert not clone.environment.exists()
    assert len(clone.installs()) == 1


@pytest.mark.parametrize("file", ["pyvenv.cfg", "thesis.tex"])
def test_interbeat_venv_never_empties_a_folder_of_somebody_else(
    clone: Clone, tmp_path: Path, file: str
) -> None:
    (tmp_path / "chosen").mkdir()
    (tmp_path / "chosen" / file).touch()

    code, _, told = clone.run("demo", INTERBEAT_VENV=str(tmp_path / "chosen"))

    assert code == 1
    assert len(told.splitlines()) == 1
    assert [path.name for path in (tmp_path / "chosen").iterdir()] == [file]


def test_a_folder_name_with_a_colon_moves_the_environment_to_the_cache(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "a:clone", tmp_path / "machine")

    clone.program("demo")
    clone.program("demo")

    assert not clone.environment.exists()
    assert len(clone.cached_environments()) == 1
    assert len(clone.installs()) == 1


def test_the_first_folder_that_can_be_written_is_taken(
    launcher: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    assert launcher.first_writable([tmp_path / "file" / "x", tmp_path / "y"]) == tmp_path / "y"


def test_an_environment_of_another_user_in_the_temporary_folder_is_not_run(
    launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)

    assert not launcher.is_nobody_elses(tmp_path)


def test_without_a_home_the_temporary_folder_comes_after_the_clone(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("INTERBEAT_VENV", raising=False)
    monkeypatch.setattr(Path, "home", no_home)

    (elsewhere,) = [
        place for place in launcher.possible_folders() if place.parent != launcher.CHECKOUT
    ]
    assert elsewhere.parent == Path(tempfile.gettempdir())


def test_an_old_python_is_refused_in_one_line_with_what_to_call(clone: Clone) -> None:
    newer = clone.folder.parent / "machine" / "bin" / "python3.12"
    newer.write_text("#!/bin/sh\n")
    newer.chmod(0o755)

    code, _, told = clone.run("demo", prelude="sys.version_info = (3, 10, 4, 'final', 0)")

    assert code == 1
    assert told.startswith("interbeat needs Python 3.11 or newer, this is 3.10.4: python3.1")
    assert len(told.splitlines()) == 1


def test_the_launcher_parses_on_python_3_6() -> None:
    ast.parse(LAUNCHER.read_text("utf-8"), feature_version=(3, 6))


def test_the_launcher_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(LAUNCHER.read_text("utf-8"))
    imported: set[Any] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)

    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names
