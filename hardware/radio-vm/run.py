#!/usr/bin/env python3
"""Try interbeat against real BlueZ, in a virtual machine: `python3 hardware/radio-vm/run.py`.

Packs a small Debian once, boots it without hardware virtualisation, lets `scenarios.py` run
inside and prints what it found; exit code 1 when something did not hold. Needs no Bluetooth.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent.relative_to(CHECKOUT)

RELEASE, RELEASE_PYTHON = "bookworm", "3.11"
SYSTEM = ("linux-image-amd64", "kmod", "busybox-static", "bluez", "dbus-daemon", "python3")
NEEDED_BY_NUMPY = ("libstdc++6",)
LIBRARIES = ("bleak", "bumble", "numpy")
TOOLS = {"mmdebstrap": "mmdebstrap", "qemu-system-x86_64": "qemu-system-x86"}
LIMIT_S = 420
LAST_CLAIM = "the scenarios run to their end"
FILES = ("packed", "vmlinux")


class SetupError(Exception):
    """The machine could not be made; the message says why and what to do."""


def main() -> int:
    arguments = parsed()
    try:
        begin_s = time.monotonic()
        folder = cache_folder()
        with only_one(folder):
            check_tools()
            machine = ready_machine(folder, arguments.mirror, arguments.rebuild)
            built_s = time.monotonic() - begin_s
            held = boot(machine, folder / "console.log")
        all_s = time.monotonic() - begin_s
        used = os.times()
        processor_s = used.children_user + used.children_system
        say(
            f"{all_s:.0f} s in all, {built_s:.0f} s of them for the image; "
            f"{processor_s:.0f} s of processor time."
        )
        return 0 if held else 1
    except (SetupError, OSError) as error:
        say(f"The virtual machine could not be used: {error}")
        return 2
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Try interbeat against real BlueZ in a virtual machine."
    )
    parser.add_argument("--rebuild", action="store_true", help="build the image anew")
    parser.add_argument(
        "--mirror", metavar="URL", help=f"where Debian {RELEASE} is (default: apt's own mirror)"
    )
    return parser.parse_args()


def check_tools() -> None:
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        missing.append("python3-pip")
    if missing:
        raise SetupError(f"install what is missing: sudo apt install {' '.join(missing)}")


def cache_folder() -> Path:
    chosen = os.environ.get("INTERBEAT_VM")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(chosen) if chosen else cache / "interbeat" / "radio-vm"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`; the kernel lets go of it when this program dies."""
    import fcntl

    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(f"another run uses {folder}: wait for it") from None
        yield


# --- the image ---


def ready_machine(folder: Path, mirror: str | None, rebuild: bool) -> Path:
    """The folder with image and kernel; built unless they are there already."""
    machine = folder / recipe()
    if rebuild or not all((machine / name).exists() for name in FILES):
        for old in folder.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
        with tempfile.TemporaryDirectory(dir=folder) as draft:
            build(Path(draft), mirror or mirror_of_apt(), folder / "build.log")
            Path(draft).rename(machine)
            Path(draft).mkdir()
    return machine


def recipe() -> str:
    """A name for everything that decides what is in the image."""
    packing = (CHECKOUT / HERE / "image.sh").read_text("utf-8")
    decisive = [RELEASE, RELEASE_PYTHON, SYSTEM + NEEDED_BY_NUMPY, packing, requirements()]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:12]


def requirements() -> list[str]:
    """The libraries that the collector and the virtual straps need, as pyproject.toml has them."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return sorted({one for names in lists for one in names if one.startswith(LIBRARIES)})


def mirror_of_apt() -> str:
    """The mirror that apt on this computer takes Debian from."""
    command = ["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)"]
    filters = ["Created-By: Packages", "Origin: Debian", "Component: main"]
    try:
        listed = subprocess.check_output([*command, *filters], text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(f"apt did not say where Debian is ({error}): use --mirror") from None
    for line in listed.splitlines():
        codename, mirror = line.split()
        if "-" not in codename:  # neither updates nor security
            return mirror
    raise SetupError("apt knows no mirror of Debian: sudo apt-get update, or use --mirror")


def build(draft: Path, mirror: str, log_path: Path) -> None:
    say(f"Building the image in {draft.parent} (once, about half a minute)...")
    with log_path.open("w") as log:
        say("  Python libraries")
        libraries = draft / "libraries"
        run_logged(pip_command(libraries), log)
        say(f"  Debian {RELEASE}")
        run_logged(debian_command(draft, libraries, mirror), log)
    shutil.rmtree(libraries)


def pip_command(target: Path) -> list[str]:
    """Let this computer's pip, as it is set up, fetch wheels for the Python of the image."""
    command = [sys.executable, "-m", "pip", "install", "--no-compile", "--target", str(target)]
    command += ["--python-version", RELEASE_PYTHON, "--only-binary", ":all:"]
    for platform in ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"):
        command += ["--platform", platform]
    return [*command, *requirements()]


def debian_command(draft: Path, libraries: Path, mirror: str) -> list[str]:
    """Unpack Debian without installing it, which would take three times as long, and pack it."""
    packages = SYSTEM + NEEDED_BY_NUMPY
    command = ["mmdebstrap", "--variant=extract", f"--include={','.join(packages)}"]
    command += [
        '--extract-hook=mkdir -p "$1/opt/packages"',
        f"--extract-hook=sync-in {shlex.quote(str(libraries))} /opt/packages",
        f"--extract-hook=upload {shlex.quote(str(CHECKOUT / HERE / 'image.sh'))} /image.sh",
        '--extract-hook=chroot "$1" /bin/busybox sh /image.sh',
    ]
    for name in FILES:
        command.append(f"--extract-hook=download {name} {shlex.quote(str(draft / name))}")
    return [*command, "--format=null", RELEASE, "/dev/null", mirror]


def run_logged(command: list[str], log: IO[str]) -> None:
    log.write(f"$ {shlex.join(command)}\n")
    log.flush()
    # In a session of its own: mmdebstrap ends by a signal to all of its process group.
    with subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as builder:
        try:
            code = builder.wait()
        except BaseException:
            builder.terminate()
            raise
    if code:
        last = Path(log.name).read_text("utf-8", "replace").splitlines()[-5:]
        raise SetupError("\n  ".join([f"{command[0]} failed, all of it is in {log.name}", *last]))


# --- the machine ---


def boot(machine: Path, console: Path) -> bool:
    """Run the scenarios and print what they tell; whether everything held."""
    say("Booting (10 to 40 s)...")
    initrd = machine / "initrd"
    shutil.copyfile(machine / "packed", initrd)
    with initrd.open("ab") as archive:
        pack_checkout(archive)
    command = ["timeout", str(LIMIT_S), *qemu_command(machine, initrd, console)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as qemu:
        assert qemu.stdout
        try:
            claims = dict(told(line) for line in qemu.stdout)
        except BaseException:
            qemu.terminate()
            raise
    if LAST_CLAIM not in claims:
        say(f"The machine died or took more than {LIMIT_S} s; its console is {console}")
        return False
    verdicts = list(claims.values())
    say(f"{verdicts.count('ok')} held, {verdicts.count('FAILED')} failed.")
    return "FAILED" not in verdicts


def pack_checkout(archive: IO[bytes]) -> None:
    """Append what is tried to the archive that the kernel unpacks into memory, as /checkout."""
    files = [
        path
        for name in ("collector", HERE)
        for path in sorted((CHECKOUT / name).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    names = [Path("checkout") / path.relative_to(CHECKOUT) for path in files]
    for folder in sorted({parent for name in names for parent in name.parents}):
        archive.write(cpio_member(str(folder), stat.S_IFDIR | 0o755))
    for name, path in zip(names, files, strict=True):
        archive.write(cpio_member(str(name), stat.S_IFREG | 0o644, path.read_bytes()))
    archive.write(cpio_member("TRAILER!!!", 0))


def cpio_member(name: str, mode: int, data: bytes = b"") -> bytes:
    """A member of a cpio archive in the kernel's format ("newc")."""
    inode, owner, group, links, mtime, device, checksum = 0, 0, 0, 1, 0, (0, 0, 0, 0), 0
    fields = [inode, mode, owner, group, links, mtime, len(data), *device, len(name) + 1, checksum]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def qemu_command(machine: Path, initrd: Path, console: Path) -> list[str]:
    """A computer that has nothing but a processor, memory and two serial lines to talk over.

    Always emulated: a /dev/kvm inside a virtual machine may open and still boot nothing. Its time
    counts instructions (500 million a second) and skips to the next timer when the processor idles.
    With no drive and no network there is nothing outside that the guest could wait for, and chance
    is seeded: how busy this computer is changes nothing in it.
    """
    command = ["qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=1,sleep=off"]
    command += ["-cpu", "max", "-smp", "1", "-m", "1024", "-seed", "1"]
    command += ["-rtc", "base=2026-01-01,clock=vm"]
    command += ["-nodefaults", "-no-reboot", "-display", "none", "-monitor", "none"]
    kernel = "quiet mitigations=off init_on_alloc=0 cryptomgr.notests console=ttyS0 panic=-1"
    command += ["-kernel", str(machine / "vmlinux"), "-initrd", str(initrd)]
    command += ["-append", f"{kernel} rdinit=/bin/sh -- /checkout/{HERE}/guest.sh"]
    return [*command, "-serial", f"file:{console}", "-serial", "stdio"]


def told(line: str) -> tuple[str, str]:
    """Print one claim; returns it with its verdict."""
    claim = json.loads(line)
    verdict = {True: "ok", False: "FAILED", None: "known"}[claim["held"]]
    at_s, what, measured = claim["at_s"], claim["claim"], claim["measured"]
    print(f"{at_s:>4.0f} s  {verdict:<7} {what:<66} {measured}", flush=True)
    return what, verdict


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
