#!/usr/bin/env python3
"""Start interbeat from a fresh clone: `python3 run.py demo`, `test` or `bench`.

The first start makes a virtual environment beside this file and installs interbeat into it;
every start then hands over to `interbeat` (or to pytest, or to the benchmarks) inside it. Only the
standard library of Python 3.11 is used, and no network once the environment is up to date.
"""

import shutil
import subprocess
import sys


def refuse_old_python() -> None:
    """Say in one line which Python this is and how to call a newer one."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    script = sys.argv[0] or "run.py"
    for newer in ("python3.14", "python3.13", "python3.12", "python3.11"):
        # A version manager's shim may stand in PATH for a Python that is not installed.
        if shutil.which(newer) and subprocess.call([newer, "-c", ""], stderr=subprocess.PIPE) == 0:
            sys.exit(f"interbeat needs Python 3.11 or newer, this is {found}: {newer} {script}")
    sys.exit(
        f"interbeat needs Python 3.11 or newer, this is {found}: "
        f"install one from python.org, then python3.13 {script}"
    )


if sys.version_info < (3, 11):
    refuse_old_python()

import contextlib
import hashlib
import json
import os
import shlex
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent
BENCHMARKS = str(CHECKOUT / "benchmarks")
# The interpreter itself, also when this file is started from inside a virtual environment.
BASE_PYTHON: str = getattr(sys, "_base_executable", None) or sys.executable
STAMP, LOCK, LOG = "interbeat-ready.json", "interbeat.lock", "interbeat-setup.log"

FOREIGN_ENVIRONMENT = ("VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX", "__PYVENV_LAUNCHER__")
# Of the settings of pip and uv, those that say where packages come from stay.
KEPT_INSTALLER_SETTINGS = (
    *("INDEX", "FIND_LINKS", "CONFIG_FILE", "CACHE_DIR", "CERT", "TLS", "PROXY", "HOST"),
    *("TIMEOUT", "RETRIES", "KEYRING", "OFFLINE"),
)
# What a log may say, and what it means; the first that is found counts.
UNREACHABLE = "the package registry could not be reached: check the network or the proxy"
REASONS = {
    "No space left": "the disk is full",
    "NewConnectionError": UNREACHABLE,
    "Failed to fetch": UNREACHABLE,
    "No matching distribution": "the package registry has no fitting version of a package",
}


class SetupError(Exception):
    """The environment could not be made; the message says why and what to do."""


def main(arguments: list[str]) -> int:
    try:
        if arguments[:1] == ["test"]:
            python = ready_environment({"test"})
            os.chdir(CHECKOUT)
            subprocess.run([python, "-P", "tests/browser_finder.py"], env=own_environment())
            return hand_over([python, "-P", "-X", "utf8", "-m", "pytest", *arguments[1:]])
        if arguments[:1] == ["bench"]:
            python = ready_environment({"bench"})
            return hand_over([python, "-P", "-X", "utf8", BENCHMARKS, *arguments[1:]])
        python = ready_environment({"bumble"} if arguments[:1] == ["bench-strap"] else set())
        return hand_over([python, "-P", "-X", "utf8", "-m", "interbeat_server", *arguments])
    except (SetupError, OSError) as error:
        say(f"interbeat could not be set up: {error}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


def hand_over(command: list[str]) -> int:
    """Become the program (POSIX), or run it and return its exit code (Windows)."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execve(command[0], command, own_environment())
    with subprocess.Popen(command, env=own_environment()) as program:
        while True:
            # Ctrl-C reaches the program as well, and it stops by itself.
            with contextlib.suppress(KeyboardInterrupt):
                return program.wait()


def own_environment() -> dict[str, str]:
    """The user's environment variables without those that lead Python, pip or uv elsewhere."""
    variables = {name: value for name, value in os.environ.items() if not leads_elsewhere(name)}
    return variables | {"INTERBEAT_COMMAND": command_typed(), "PIP_USER": "0"}


def leads_elsewhere(name: str) -> bool:
    if name.startswith(("PIP_", "UV_")):
        return not any(word in name for word in KEPT_INSTALLER_SETTINGS)
    if name.startswith("PYTHON"):
        return name != "PYTHONUNBUFFERED"
    return name in FOREIGN_ENVIRONMENT


def command_typed() -> str:
    """The words that called this launcher, for the follow-up commands that interbeat prints."""
    if os.name == "nt":
        return f"{'py' if shutil.which('py') else 'python'} {sys.argv[0]}"
    called = Path(sys.orig_argv[0])
    return shlex.join([called.name if shutil.which(called.name) else str(called), sys.argv[0]])


# --- where the environment is, and whether it is up to date ---


def ready_environment(extras: set[str]) -> str:
    """Return the Python of the environment that holds interbeat, made or updated when needed."""
    folders = possible_folders()
    for folder in folders:
        if is_ready(folder, extras):
            return environment_python(folder)
    folder = first_writable(folders)
    with only_one_installer(folder) as lock:
        if not is_ready(folder, extras):
            set_up(folder, extras, lock)
    return environment_python(folder)


def possible_folders() -> list[Path]:
    """The places the environment may stand in, best first."""
    chosen = os.environ.get("INTERBEAT_VENV")
    if chosen:
        folder = Path(chosen).expanduser().absolute()
        if is_empty(folder) or (folder / LOCK).exists():
            return [folder]
        raise SetupError(f"INTERBEAT_VENV names {folder}, which holds other things: name another")
    name = hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:12]
    temporary = Path(tempfile.gettempdir()).absolute()
    elsewhere = [temporary / f"interbeat-{name}"]
    with contextlib.suppress(RuntimeError):  # no HOME, and a user without an account
        elsewhere.insert(0, cache_folder() / "interbeat" / name)
    places = [CHECKOUT / ".venv", *filter(is_nobody_elses, elsewhere)]
    # The venv module refuses a path that could not stand in PATH.
    return [place for place in places if os.pathsep not in str(place) and may_be_remade(place)]


def cache_folder() -> Path:
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home())
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute()


def is_nobody_elses(folder: Path) -> bool:
    """Everybody may write to the temporary folder: what another user put there must not run."""
    return os.name == "nt" or not os.path.lexists(folder) or folder.lstat().st_uid == os.getuid()


def may_be_remade(folder: Path) -> bool:
    """Whether nothing is lost with `folder`: it is absent, empty or a virtual environment."""
    return is_empty(folder) or (folder / LOCK).exists() or (folder / "pyvenv.cfg").exists()


def is_empty(folder: Path) -> bool:
    return not os.path.lexists(folder) or (folder.is_dir() and not any(folder.iterdir()))


def first_writable(folders: list[Path]) -> Path:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / LOCK).open("a"):
                return folder
    raise SetupError("no folder for it can be written, set INTERBEAT_VENV to one")


def environment_python(folder: Path) -> str:
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def is_ready(folder: Path, extras: set[str]) -> bool:
    stamp = read_stamp(folder)
    return (
        stamp.get("origin") == origin()
        and stamp.get("project") == project_digest()
        and extras <= set(stamp.get("extras", ()))
    )


def read_stamp(folder: Path) -> dict[str, Any]:
    """What was installed in `folder`, empty when nothing was or not to the end."""
    if not Path(environment_python(folder)).exists():
        return {}
    try:
        return dict(json.loads((folder / STAMP).read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def write_stamp(folder: Path, extras: set[str]) -> None:
    stamp = {"origin": origin(), "project": project_digest(), "extras": sorted(extras)}
    draft = folder / f"{STAMP}.draft"
    draft.write_text(json.dumps(stamp, indent=2), "utf-8")
    draft.replace(folder / STAMP)


def origin() -> dict[str, str]:
    """The folder and the interpreter; an environment of another origin is made anew."""
    python = os.path.realpath(BASE_PYTHON)
    return {"checkout": str(CHECKOUT), "python": python, "version": sys.version}


def project_digest() -> str:
    """Hash of what decides the installation; settings of linters and tests do not."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    decisive = [project["build-system"], project["project"], project.get("tool", {}).get("hatch")]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def only_one_installer(folder: Path) -> Iterator[int]:
    """Hold the lock of `folder`; the kernel lets go of it when its last holder dies."""
    with (folder / LOCK).open("a") as lock:
        if not try_lock(lock.fileno()):
            say("Another start is installing, waiting for it...")
            while not try_lock(lock.fileno()):
                time.sleep(0.2)
        yield lock.fileno()


def try_lock(lock: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # a network drive without locks: better unguarded than not at all
    return True


# --- making the environment ---


def set_up(folder: Path, extras: set[str], lock: int) -> None:
    """Install interbeat and `extras` into `folder`, emptied first unless it can be kept."""
    stamp, log = read_stamp(folder), folder / LOG
    kept = stamp.get("origin") == origin()
    extras = extras.union(stamp["extras"] if kept else ())
    ways = ways_to_install(folder, f".[{','.join(sorted(extras))}]" if extras else ".")
    started_s = time.monotonic()
    if kept:
        say("Bringing interbeat up to date...")
    else:
        say(f"Setting up interbeat in {folder} (once, about a minute)...")
    (folder / STAMP).unlink(missing_ok=True)
    for way in ways:
        if not kept:
            clear(folder)
        if all(succeeds(command, log, lock) for command in way):
            break
        if way is ways[-1]:
            raise SetupError(failure_in(log))
        say("uv could not install it, trying with pip...")
    write_stamp(folder, extras)
    say(f"Ready after {time.monotonic() - started_s:.0f} s.")


def ways_to_install(folder: Path, requirement: str) -> list[list[list[str]]]:
    """The commands that make an environment and install into it, the quickest way first."""
    python, ways = environment_python(folder), []
    uv = shutil.which("uv")
    if uv:
        make = [uv, "venv", "--allow-existing", "--python", BASE_PYTHON, str(folder)]
        ways.append([make, [uv, "pip", "install", "--python", python, "--editable", requirement]])
    make = [BASE_PYTHON, "-P", "-m", "venv", str(folder)]
    # Python compiles what it imports; to compile all of it first takes as long as installing it.
    install = ["install", "--no-compile", "--no-input", "--disable-pip-version-check"]
    install += ["--progress-bar", "off", "--editable", requirement]
    if has_module("ensurepip"):
        ways.append([make, [python, "-P", "-m", "pip", *install]])
    elif has_module("pip"):
        host_pip = [BASE_PYTHON, "-P", "-m", "pip", "--python", python]
        ways.append([[*make, "--without-pip"], [*host_pip, *install]])
    if not ways:
        package = f"python3.{sys.version_info.minor}-venv"
        raise SetupError(
            f"Python's venv module is missing: sudo apt install {package}, or install uv"
        )
    return ways


def has_module(name: str) -> bool:
    command = [BASE_PYTHON, "-P", "-c", f"import {name}"]
    return subprocess.run(command, env=own_environment(), stderr=subprocess.DEVNULL).returncode == 0


def clear(folder: Path) -> None:
    """Empty `folder` but for the lock, which is held."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != LOCK:
            entry.unlink()


def succeeds(command: list[str], log: Path, lock: int) -> bool:
    """Run an installer's command, its output in `log` and its progress on the screen.

    The installer holds the lock as well: one that outlives this launcher is waited for.
    """
    held = () if os.name == "nt" else (lock,)
    with log.open("ab") as output:
        streams: dict[str, Any] = {"stdout": output, "stderr": output, "pass_fds": held}
        installer = subprocess.Popen(command, cwd=CHECKOUT, env=own_environment(), **streams)
        try:
            wait_with_progress(installer, log)
        except BaseException:
            installer.terminate()
            installer.wait()
            raise
    return installer.returncode == 0


def wait_with_progress(installer: subprocess.Popen[bytes], log: Path) -> None:
    """Show what `log` ends with: in place on a terminal, else as a line every ten seconds."""
    terminal = sys.stderr.isatty()
    start, end, every_s = ("\r", "", 0.5) if terminal else ("", "\n", 10)
    while True:
        try:
            installer.wait(every_s)
            break
        except subprocess.TimeoutExpired:
            say(f"{start}  {last_lines(log, 1).strip()[:72]:<72}", end)
    if terminal:
        say(f"\r{'':<74}\r", end)


def failure_in(log: Path) -> str:
    """The reason in one line, the end of the log, and where all of it is."""
    text = log.read_text("utf-8", "replace")
    reason = next((REASONS[sign] for sign in REASONS if sign in text), "the installer failed")
    return f"{reason}.\n\n{last_lines(log, 15)}\n\nThe whole log is {log}"


def last_lines(log: Path, count: int) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()
    return "\n".join([line for line in lines if line.strip()][-count:])


def say(text: str, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
