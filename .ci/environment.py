"""Make ``.venv`` exactly as ``requirements.lock`` says; do nothing if it is so already.

Runs on a bare Python, before anything is installed, so it uses the standard
library only. Called by the Makefile.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "installed.sha256"
NEEDED = (3, 11)


def key() -> str:
    """Return the digest of all that decides what is installed."""
    total = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    for name in ("requirements.lock", "pyproject.toml"):
        total.update((ROOT / name).read_bytes())
    return total.hexdigest()


def run(what: str, *command: str) -> None:
    """Run one step, saying what it is and how long it took."""
    print(f"{what} ...", flush=True)
    started = time.monotonic()
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f"{what}: failed, for the reason above. Command: {' '.join(command)}")
    print(f"{what}: {time.monotonic() - started:.1f} s", flush=True)


def check_python() -> None:
    """Stop with what to do if this Python is too old."""
    if sys.version_info < NEEDED:
        sys.exit(
            f"Python {NEEDED[0]}.{NEEDED[1]} or newer is needed, {sys.executable} is "
            f"{sys.version.split()[0]}. Name another one: make PYTHON=python3.12 book"
        )


def ensure_venv_module() -> None:
    """Install Debian's ``python3-venv`` where it is missing and that is possible."""
    probe = [sys.executable, "-c", "import ensurepip, venv"]
    if subprocess.run(probe, stderr=subprocess.DEVNULL).returncode == 0:
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not shutil.which("apt-get") or os.geteuid() != 0:
        sys.exit(
            "This Python cannot make virtual environments (its module ensurepip is missing). "
            f"On Debian or Ubuntu run: sudo apt-get install {package}"
        )
    run("Update the list of Debian packages", "apt-get", "update", "-q")
    run(f"Install {package}", "apt-get", "install", "-y", "-q", package)


def main() -> None:
    """Make the environment, or leave it alone if its stamp fits."""
    check_python()
    wanted = key()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    ensure_venv_module()
    if not VENV.exists() or not (VENV / "bin" / "python").exists():
        run("Make the virtual environment", sys.executable, "-m", "venv", "--clear", str(VENV))
    python = str(VENV / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
    count = (ROOT / "requirements.lock").read_text(encoding="utf-8").count("==")
    run(
        f"Install {count} packages from requirements.lock (one or two minutes)",
        *pip,
        "--require-hashes",
        "--no-deps",
        "-r",
        "requirements.lock",
    )
    run("Install this project", *pip, "--no-deps", "--no-build-isolation", "-e", ".")
    STAMP.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
