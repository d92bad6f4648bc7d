"""One command from nothing to moving pictures.

python bootstrap.py run|test|bench|soak|doctor [options] [-- arguments for main.py]

Makes .venv, installs what fits this machine, then does what was asked. Standard library only.
"""

from __future__ import annotations

import sys

if not (3, 10) <= sys.version_info[:2] <= (3, 13):
    found = ".".join(map(str, sys.version_info[:2]))
    sys.exit(
        "Reverie runs on Python 3.10 to 3.13, this is " + found + ": start it with one of them."
    )

import argparse
import json
import os
import subprocess
from collections.abc import Sequence

from boot import system_packages
from boot.benches import run_benches
from boot.checks import run_checks
from boot.environment import ROOT, Environment, State, add_engine_builders, ensure
from boot.machine import Machine, has_display, this_machine, unsupported_reason
from boot.pip import InstallFailed

HEADLESS_DEMO = (
    *("--headless", "--source", "demo"),
    *("--sink", "record:reverie-demo.mp4", "--seconds", "10"),
)
WORDS = {
    "run": "start Reverie (the default); without a display, record a ten-second demo",
    "test": "check everything that CI checks",
    "bench": "measure the speed, as JSON on stdout",
    "soak": "play under random hands and faults for --minutes; fails on a leak or a gap",
    "doctor": "say what works on this machine, and how to mend what doesn't",
}


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks; returns the exit code."""
    own, theirs = split_arguments(arguments)
    options = parse(own)
    machine = this_machine()
    reason = unsupported_reason(machine)
    if reason:
        say(reason)
        return 1
    if options.word == "doctor":
        return run_doctor(machine)
    check_system(machine, options.system_packages)
    try:
        environment = ensure(machine, say, options.reinstall)
        if options.word == "test" or options.tensorrt:
            add_engine_builders(environment, machine, say)
    except InstallFailed as error:
        say(str(error))
        return 1
    if options.word == "test":
        return run_checks(environment.python, say)
    if options.word == "bench":
        return print_benches(environment)
    if options.word == "soak":
        soak = [str(environment.python), "-m", "tests.soak", "--minutes", str(options.minutes)]
        return subprocess.run([*soak, *theirs], cwd=ROOT).returncode
    program = [str(environment.python), str(ROOT / "main.py")]
    return start([*program, *main_arguments(machine, theirs)])


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is ours, and what comes after the first "--"."""
    words = list(arguments)
    if "--" not in words:
        return words, []
    middle = words.index("--")
    return words[:middle], words[middle + 1 :]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The word and the options."""
    parser = argparse.ArgumentParser(
        prog="bootstrap.py",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="\n".join(f"  {word:7} {text}" for word, text in WORDS.items()),
        epilog="Whatever follows -- goes to the program itself.",
    )
    parser.add_argument("word", nargs="?", choices=WORDS, default="run")
    parser.add_argument(
        "--system-packages",
        action="store_true",
        help="install missing system libraries too (asks for your password)",
    )
    parser.add_argument(
        "--tensorrt",
        action="store_true",
        help="for an NVIDIA card, install TensorRT-RTX too: a show goes over to it if it is faster",
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="how long a soak lasts")
    parser.add_argument("--reinstall", action="store_true", help="make .venv anew")
    return parser.parse_args(arguments)


def main_arguments(machine: Machine, theirs: Sequence[str]) -> list[str]:
    """What main.py gets: the window where one can open, else the demo into a file."""
    if has_display(machine, os.environ) or "--headless" in theirs:
        return list(theirs)
    say("There is no display, so the demo is recorded into reverie-demo.mp4 for ten seconds.")
    return [*HEADLESS_DEMO, *theirs]


def check_system(machine: Machine, is_asked: bool) -> None:
    """Name the system libraries that are missing, or install them where that is allowed."""
    missing = system_packages.missing_libraries(machine, system_packages.can_load)
    if not missing:
        return
    manager = system_packages.package_manager()
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    say(system_packages.explain(missing, manager))
    if manager is None or not system_packages.may_install(manager, is_asked, is_root):
        return
    say("Installing them now.")
    if not system_packages.install(missing, manager, is_root):
        say("That did not work; Reverie goes on without them.")


def run_doctor(machine: Machine) -> int:
    """Examine with the environment's Python, or with this one before anything is installed."""
    environment = Environment()
    is_ready = environment.state(machine) is not State.ABSENT
    python = str(environment.python) if is_ready else sys.executable
    # A Windows console may lack the letters of a camera's name: better a "?" than a crash.
    forgiving = {**os.environ, "PYTHONIOENCODING": ":replace"}
    return subprocess.run([python, "-m", "boot.doctor"], cwd=ROOT, env=forgiving).returncode


def print_benches(environment: Environment) -> int:
    """One JSON object on stdout; 0 when every benchmark ran."""
    results, failed = run_benches(environment.python, say)
    sys.stdout.write(json.dumps(results, indent=2) + "\n")
    return 1 if failed else 0


def start(command: list[str]) -> int:
    """Become the program, so that signals and the exit code are its own."""
    if os.name == "posix":
        os.execv(command[0], command)
    # Windows has no such thing; Ctrl+C reaches the child by itself.
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def say(line: str) -> None:
    """Progress and advice go to stderr; stdout belongs to results."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("Interrupted; start the same command again to go on.")
