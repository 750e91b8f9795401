"""Make `.venv` from a lock file, and hand over to what is installed there.

It knows the lock files, `.venv` and the two installers, uv and pip. It must not know the service, and must
import nothing but the standard library. It has to parse on Python 3.6, so that a Python which is too old is
told so in a sentence rather than in a traceback: no annotations from `__future__`, no `match`, no walrus.

Two files inside `.venv` say what state it is in:

checkin-installed   one line for the place of the checkout and one for the hash of each lock that is in it.
                    Where they are what is wanted, nothing is done: no process is started but the last.
checkin-unfinished  there from the first write to the last. A run that finds it knows that the one before
                    was interrupted, throws `.venv` away and begins again.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NEWEST = (3, 13)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOCK = os.path.join("checkin", "requirements.lock")
DEV_LOCK = os.path.join("checkin", "requirements-dev.lock")
COULD_NOT_RUN = 2
SELDOM_IMPORTED = r"/phonenumbers/(geodata|carrierdata)/|/twilio/rest/(?!api/)[a-z]"


class CannotInstall(Exception):
    """`.venv` could not be made; the text says what to do."""


def enter(module: str, command: "list[str]", dev: bool = False) -> None:
    """Replace this process by `command`, its first word a program in `.venv/bin`, made ready first.

    `module` is the name that was given to `python3 -m`; `dev` asks for what the tests need as well. Ends the
    process with status 2 and one plain sentence when this Python is not supported or the install fails.
    """
    try:
        check_python(sys.version_info[:2], module)
        prepare(ROOT, dev)
    except CannotInstall as problem:
        _say(str(problem))
        sys.exit(COULD_NOT_RUN)
    except KeyboardInterrupt:
        _say("Interrupted. The next run makes .venv again from the beginning.")
        sys.exit(COULD_NOT_RUN)
    program = os.path.join(ROOT, ".venv", "bin", command[0])
    sys.stdout.flush()
    os.execv(program, [program, *command[1:]])


def check_python(version: "tuple[int, int]", module: str) -> None:
    """Raise `CannotInstall` unless the locks are made for this version of Python."""
    if OLDEST <= version <= NEWEST:
        return
    names = [f"python3.{minor}" for minor in (12, 13, 11)]
    found = next((name for name in names if shutil.which(name)), None)
    if found:
        mend = f"{found} is on this machine: run `{found} -m {module}`."
    else:
        mend = f"Install one of them and run it by its full name: `{names[0]} -m {module}`."
    needs = f"Checkin needs Python 3.11, 3.12 or 3.13, and this is Python {version[0]}.{version[1]}."
    raise CannotInstall(f"{needs} {mend}")


def prepare(root: str, dev: bool) -> None:
    """Bring `.venv` under `root` to the state that the lock asks for; do nothing where it is there."""
    if is_ready(root, dev):
        return
    with open(os.path.join(root, LOCK), "rb") as guard:
        # Two first runs at once take turns; the second one finds the work done. The installers inherit the
        # lock: one that outlives a killed run is waited for.
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not is_ready(root, dev):
            _install(root, dev, guard.fileno())


def is_ready(root: str, dev: bool) -> bool:
    """Return whether `.venv` holds everything that the lock names, and stands where it was made."""
    venv = os.path.join(root, ".venv")
    if os.path.exists(_unfinished(venv)) or not os.path.exists(_python(venv)):
        return False
    return set(_wanted(root, dev)) <= set(_installed(venv))


def _wanted(root: str, dev: bool) -> "list[str]":
    """Return the lines that `checkin-installed` has when all is there."""
    lines = ["at " + root]
    for lock in [LOCK, DEV_LOCK] if dev else [LOCK]:
        with open(os.path.join(root, lock), "rb") as file:
            lines.append(f"{os.path.basename(lock)} {hashlib.sha256(file.read()).hexdigest()}")
    return lines


def _installed(venv: str) -> "list[str]":
    try:
        with open(os.path.join(venv, "checkin-installed")) as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def _unfinished(venv: str) -> str:
    return os.path.join(venv, "checkin-unfinished")


def _python(venv: str) -> str:
    return os.path.join(venv, "bin", "python")


def _install(root: str, dev: bool, guard: int) -> None:
    venv = os.path.join(root, ".venv")
    uv = shutil.which("uv")
    how_long = "with uv, which takes seconds" if uv else "with pip, which takes about a minute"
    _say(f"Making .venv from {DEV_LOCK if dev else LOCK} {how_long}.")
    if _is_no_use(venv, root):
        if os.path.islink(venv):
            # It may be another checkout's, which would then run this one's code.
            raise CannotInstall(
                f".venv is a link to {os.path.realpath(venv)}, which was not made for this checkout. "
                "Remove the link (`rm .venv`), and give the same command again."
            )
        shutil.rmtree(venv)
    os.makedirs(venv, exist_ok=True)
    with open(_unfinished(venv), "w"):
        pass
    for arguments in _steps(root, venv, uv, dev):
        _run(arguments, root, guard)
    _compile(venv, guard)
    stamp = os.path.join(venv, "checkin-installed")
    with open(stamp + ".new", "w") as file:
        file.write("\n".join(_wanted(root, dev)) + "\n")
    # Moved into place whole, and only then is the work called finished.
    os.replace(stamp + ".new", stamp)
    os.remove(_unfinished(venv))


def _is_no_use(venv: str, root: str) -> bool:
    """Return whether a `.venv` that is there can't be built upon: half made, moved, or its Python is gone.

    One without our files was made by hand; it is completed, not thrown away.
    """
    if not os.path.isdir(venv):
        return False
    stamp = _installed(venv)
    moved = bool(stamp) and "at " + root not in stamp
    return moved or os.path.exists(_unfinished(venv)) or not os.path.exists(_python(venv))


def _steps(root: str, venv: str, uv: "str | None", dev: bool) -> "list[list[str]]":
    """Return the commands that make the environment, in order."""
    # --no-deps: the lock is complete, so there is nothing to resolve.
    locked = ["--require-hashes", "--no-deps", "-r", os.path.join(root, DEV_LOCK if dev else LOCK)]
    # The project itself is linked, not copied, and built by the hatchling that the lock has just brought.
    project = ["--no-deps", "--no-build-isolation", "-e", root]
    # Not the Python of a virtual environment, which might be the one that was just thrown away.
    base = getattr(sys, "_base_executable", sys.executable)
    if uv:
        steps = [[uv, "venv", "--quiet", "--allow-existing", "--python", base, venv]]
        install = [uv, "pip", "install", "--quiet", "--python", _python(venv)]
        made = os.path.exists(_python(venv))
    else:
        steps = [[base, "-m", "venv", venv]]
        # Modules are compiled when they are first imported: most of them never are.
        pip = [_python(venv), "-m", "pip", "install"]
        install = [*pip, "--quiet", "--disable-pip-version-check", "--no-compile"]
        # What uv has made has no pip; making it again over what is there adds it.
        made = os.path.exists(os.path.join(venv, "bin", "pip"))
    return ([] if made else steps) + [install + locked, install + project]


def _compile(venv: str, guard: int) -> None:
    """Compile what was installed, on all cores: a start takes half the time.

    Python does so by itself at the first import, but not where PYTHONDONTWRITEBYTECODE is set, as it is in
    many containers. What can't be compiled (packages ship templates that look like modules) is left alone.
    """
    lib = os.path.join(venv, "lib")
    arguments = [_python(venv), "-m", "compileall", "-qq", "-j", "0", "-x", SELDOM_IMPORTED, lib]
    subprocess.call(arguments, stdout=sys.stderr, pass_fds=[guard])


def _run(arguments: "list[str]", root: str, guard: int) -> None:
    try:
        status = subprocess.call(arguments, cwd=root, stdout=sys.stderr, pass_fds=[guard])
    except OSError as problem:
        raise CannotInstall(f"{arguments[0]} could not be started: {problem.strerror}.") from problem
    if status:
        raise CannotInstall(
            f"The install stopped (status {status}); the lines above say why. Mend that (often it is the "
            "network, or Debian's package python3-venv is missing) and give the same command again."
        )


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
