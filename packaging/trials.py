#!/usr/bin/env python3
"""The trials of packaging/try.sh, which tells how to call it."""

import contextlib
import http.server
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = ROOT / "target/packages"
HOME = ROOT / "target/packages-tried"
TOOLS = ROOT / "target/packaging-python/bin"
CARGO = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
VERSION = re.search(r'^version = "(.*)"$', CARGO, re.MULTILINE).group(1)
PROGRAM = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "x86_64-unknown-linux-gnu/release/smcheck"
PAPERS = ["LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.txt"]
# A run that passes, and one that deviates: a scenario whose expectation is wrong.
PASSES = ["run", "labels/"]
WRONG = """\
title: ListSecrets fails, which it does not
evidence: {kind: aws-docs, source: "nobody says so"}
steps:
  - do: ListSecrets
    fails: {code: InternalServiceError}
"""

trials: list[tuple[str, str, object]] = []


def trial(part: str):
    """Adds a function to the trials of a part."""

    def add(function):
        trials.append((part, function.__name__.replace("_", " "), function))
        return function

    return add


def clean(**more: str) -> dict[str, str]:
    """An environment as a new user has it: no caches, no settings of this machine but how registries are reached."""
    keep = ("PATH", "LANG", "SSL_CERT_FILE", "npm_config_registry", "NPM_CONFIG_USERCONFIG", "PIP_INDEX_URL", "UV_INDEX_URL")
    return {name: os.environ[name] for name in keep if name in os.environ} | {"HOME": str(HOME / "home")} | more


def call(*command, cwd=None, env=None, seconds=300, code=0) -> str:
    """Runs a command, checks its exit code, and gives stdout and stderr as one text."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd or HOME, env=env or clean(), timeout=seconds, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode == code, f"{command} ended with {done.returncode}, not {code}:\n{done.stdout}"
    return done.stdout


def fresh(name: str) -> pathlib.Path:
    """An empty folder."""
    folder = HOME / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def one(pattern: str) -> pathlib.Path:
    """The one package of a kind."""
    found = list(BUILT.glob(pattern))
    assert len(found) == 1, f"target/packages holds {len(found)} of {pattern}; packaging/build.sh makes one"
    return found[0]


def wrong_scenario() -> pathlib.Path:
    """A folder with a scenario that the reference does not fulfil."""
    folder = fresh("wrong")
    (folder / "scenarios").mkdir()
    (folder / "scenarios/wrong.yaml").write_text(WRONG, encoding="utf-8")
    return folder


def works(*command, env=None) -> None:
    """The version, a run that passes, and the exit codes of deviations, usage and a target that is not there."""
    said = call(*command, "--version", env=env)
    assert said.split()[-2:] == ["smcheck", VERSION], said
    said = call(*command, *PASSES, env=env)
    assert re.search(r"^\d+ passed; ", said, re.MULTILINE), said
    call(*command, "run", cwd=wrong_scenario(), env=env, code=1)
    call(*command, "run", "no/such/scenario", env=env, code=2)
    call(*command, "run", "labels/", "-t", "http://127.0.0.1:1", env=env, code=3)


# The program


@trial("static")
def the_program_asks_for_no_library():
    headers = call("readelf", "--program-headers", "--dynamic", PROGRAM)
    assert "INTERP" not in headers and "NEEDED" not in headers, headers


@trial("static")
def no_path_of_this_machine_is_inside():
    data = PROGRAM.read_bytes()
    cargo = os.environ.get("CARGO_HOME", os.path.expanduser("~/.cargo"))
    for path in (str(ROOT), cargo, os.path.expanduser("~/.rustup")):
        at = data.find(path.encode())
        assert at < 0, f"{path} is inside: {data[max(at - 40, 0):at + 120]!r}"


class Unhelpful(http.server.BaseHTTPRequestHandler):
    """Answers everything with an error, and counts."""

    asked = 0

    def do_POST(self):
        """Whatever was asked."""
        Unhelpful.asked += 1
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_error(500)

    def log_message(self, *_):
        """Says nothing."""


@contextlib.contextmanager
def unhelpful():
    """A server that is there, and its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Unhelpful)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


def in_root(root: pathlib.Path, *arguments: str, code: int) -> str:
    """The program alone in a root folder."""
    # Whoever is not root may be it in a namespace of their own.
    become = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
    return call(*become, "chroot", root, "/smcheck", *arguments, env={"PATH": "/usr/sbin:/usr/bin"}, code=code)


@trial("static")
def it_runs_in_an_empty_root():
    root = fresh("empty-root")
    shutil.copy(PROGRAM, root / "smcheck")
    assert in_root(root, "--version", code=0).strip() == f"smcheck {VERSION}"
    said = in_root(root, *PASSES, code=0)
    assert re.search(r"^\d+ passed; ", said, re.MULTILINE), said
    assert [path.name for path in root.iterdir()] == ["smcheck"]


@trial("static")
def it_finds_hosts_by_name():
    root = fresh("hosts-root")
    shutil.copy(PROGRAM, root / "smcheck")
    (root / "etc").mkdir()
    with unhelpful() as port:
        target = ["run", "labels/", "-t", f"http://emulator.test:{port}"]
        before = Unhelpful.asked
        said = in_root(root, *target, code=3)
        assert "cannot connect" in said and Unhelpful.asked == before, said
        (root / "etc/hosts").write_text("127.0.0.1 emulator.test\n", encoding="utf-8")
        in_root(root, *target, code=1)
        assert Unhelpful.asked > before
        # Modules that a static program cannot load are passed over.
        switch = "hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n"
        (root / "etc/nsswitch.conf").write_text(switch, encoding="utf-8")
        before = Unhelpful.asked
        in_root(root, *target, code=1)
        assert Unhelpful.asked > before


@trial("static")
def the_archive_holds_program_and_papers():
    with tarfile.open(one("smcheck-*.tar.gz")) as archive:
        names = archive.getnames()
        owners = {(member.uid, member.gid, member.uname) for member in archive.getmembers()}
    folder = f"smcheck-{VERSION}-x86_64-linux"
    wanted = {folder} | {f"{folder}/{name}" for name in [*PAPERS, "CHANGELOG.md", "README.md", "smcheck"]}
    assert set(names) == wanted and owners == {(0, 0, "")}, (names, owners)


# The wheel


@trial("wheel")
def the_wheel_holds_papers_and_metadata():
    wheel = one("smcheck-*.whl")
    assert wheel.name.startswith(f"smcheck-{VERSION}-py3-none-manylinux"), wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(f"smcheck-{VERSION}.dist-info/METADATA").decode()
    for paper in PAPERS:
        assert f"smcheck-{VERSION}.dist-info/licenses/{paper}" in names, names
    assert f"smcheck-{VERSION}.data/scripts/smcheck" in names and "smcheck/__main__.py" in names, names
    assert not [name for name in names if "__pycache__" in name], names
    description = re.search(r'^description = "(.*)"$', CARGO, re.MULTILINE).group(1)
    for line in (f"Version: {VERSION}", f"Summary: {description}", "License-Expression: MIT OR Apache-2.0"):
        assert line in metadata.splitlines(), metadata[:1500]
    assert "# smcheck" in metadata, "the README is missing"


@trial("wheel")
def pip_installs_it_and_it_works():
    folder = fresh("pip")
    call(sys.executable, "-m", "venv", folder)
    python = folder / "bin/python"
    call(python, "-m", "pip", "install", "--no-index", "--no-cache-dir", "--disable-pip-version-check", one("smcheck-*.whl"))
    works(folder / "bin/smcheck")
    works(python, "-m", "smcheck")
    where = call(python, "-c", "import smcheck; print(smcheck.program())").strip()
    assert os.path.samefile(where, folder / "bin/smcheck"), where


@trial("wheel")
def pip_installs_it_into_a_folder():
    folder = fresh("pip-target")
    call(sys.executable, "-m", "pip", "install", "--no-index", "--no-cache-dir", "--disable-pip-version-check",
         "--root-user-action=ignore", "--target", folder, one("smcheck-*.whl"))
    works(sys.executable, "-m", "smcheck", env=clean(PYTHONPATH=str(folder)))


@trial("wheel")
def uvx_runs_it():
    folder = fresh("uvx")
    env = clean(UV_CACHE_DIR=str(folder / "cache"), UV_PYTHON_DOWNLOADS="never", UV_TOOL_DIR=str(folder / "tools"))
    works(TOOLS / "uvx", "--quiet", "--offline", "--from", one("smcheck-*.whl"), "smcheck", env=env)


@trial("wheel")
def a_signal_reaches_what_python_started():
    python = HOME / "pip/bin/python"
    assert python.exists(), "this trial follows that of pip"
    ends_by_signal([python, "-m", "smcheck"], signal.SIGTERM)


# The npm package


def npm_environment(folder: pathlib.Path) -> dict[str, str]:
    """An empty cache."""
    return clean(npm_config_cache=str(folder / "cache"), npm_config_offline="true", npm_config_update_notifier="false",
                 npm_config_yes="true")


def npx(folder: pathlib.Path) -> list:
    """How a user calls it in an empty folder."""
    return ["npx", "--prefix", folder, "--package", one("smcheck-*.tgz"), "smcheck"]


@trial("npm")
def the_npm_package_holds_papers_and_metadata():
    with tarfile.open(one("smcheck-*.tgz")) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
        about = json.load(archive.extractfile("package/package.json"))
        mode = archive.getmember("package/native/smcheck-linux-x64").mode
    wanted = {*PAPERS, "README.md", "package.json", "bin/smcheck.js", "native/smcheck-linux-x64"}
    assert names == wanted, names ^ wanted
    assert about["version"] == VERSION and about["license"] == "(MIT OR Apache-2.0)", about
    assert f'description = "{about["description"]}"' in CARGO, about
    assert (about["os"], about["cpu"]) == (["linux"], ["x64"]), "npm would install it where it cannot run"
    assert mode & 0o111 == 0o111, oct(mode)


@trial("npm")
def npx_runs_it_in_an_empty_folder():
    folder = fresh("npx")
    empty = fresh("npx-empty")
    package = one("smcheck-*.tgz")
    shutil.copy(package, empty)
    said = call("npx", "--package", f"./{package.name}", "smcheck", "--version", cwd=empty, env=npm_environment(folder))
    assert said.strip() == f"smcheck {VERSION}", said
    works(*npx(folder), env=npm_environment(folder))


@trial("npm")
def npm_installs_it():
    folder = fresh("npm")
    call("npm", "install", "--prefix", folder, one("smcheck-*.tgz"), env=npm_environment(folder))
    works(folder / "node_modules/.bin/smcheck")


@trial("npm")
def without_its_program_the_package_says_so():
    folder = fresh("npm-bare")
    (folder / "bin").mkdir()
    shutil.copy(HOME / "npm/node_modules/smcheck/bin/smcheck.js", folder / "bin")
    said = call("node", folder / "bin/smcheck.js", "--version", code=127)
    assert "no program for linux on x64" in said, said


def start_server(command: list, env=None, **how) -> tuple[subprocess.Popen, int]:
    """Starts `serve --model` and waits until it listens: the process, and the program's own process id."""
    process = subprocess.Popen(
        [*map(str, command), "serve", "--model", "--port", "0"], cwd=HOME, env=env or clean(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how,
    )
    line = process.stdout.readline()
    assert line.startswith("listening on"), line + process.stderr.read()
    return process, program_below(process.pid)


def program_below(pid: int) -> int:
    """The process of ours among a process and those that it started."""
    waiting = [pid]
    while waiting:
        at = waiting.pop()
        arguments = pathlib.Path(f"/proc/{at}/cmdline").read_bytes().split(b"\0")
        if b"serve" in arguments[1:2]:
            return at
        waiting += map(int, pathlib.Path(f"/proc/{at}/task/{at}/children").read_text(encoding="ascii").split())
    raise AssertionError(f"process {pid} has started no smcheck")


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    for _ in range(100):
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def ends_by_signal(command: list, number: int, env=None, group=False) -> None:
    """A signal to what was started ends the server in order, and its exit code comes through."""
    process, inner = start_server(command, env, start_new_session=True)
    (os.killpg if group else os.kill)(process.pid, number)
    try:
        ended = process.wait(timeout=20)
        is_gone = gone(inner)
    finally:
        # What lives on would keep its stderr open, which is read to its end.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    said = process.stderr.read()
    assert ended == 128 + number, f"{ended}, not {128 + number}: {said}"
    assert is_gone, f"smcheck lives on: {said}"
    assert said.count("stopping") == 1, said


@trial("npm")
def signals_are_handed_on():
    command = [HOME / "npm/node_modules/.bin/smcheck"]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        ends_by_signal(command, number)
        # `timeout` and CI runners send it to the whole group: it comes twice and counts once.
        ends_by_signal(command, number, group=True)


@trial("npm")
def a_signal_right_after_the_start_is_handed_on():
    # The program is ready long before the starter is at its end: a pause behind the start makes sure of it.
    folder = fresh("npm-slow")
    shutil.copytree(HOME / "npm/node_modules/smcheck", folder, dirs_exist_ok=True)
    starter = folder / "bin/smcheck.js"
    lines = starter.read_text(encoding="utf-8").splitlines(keepends=True)
    at = [number for number, line in enumerate(lines) if "= spawn(" in line]
    assert len(at) == 1, lines
    lines.insert(at[0] + 1, "for (const end = Date.now() + 500; Date.now() < end; );\n")
    starter.write_text("".join(lines), encoding="utf-8")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        ends_by_signal(["node", starter], number)
        ends_by_signal(["node", starter], number, group=True)


@trial("npm")
def ctrl_c_in_a_terminal_arrives_once():
    command = [str(HOME / "npm/node_modules/.bin/smcheck"), "serve", "--model", "--port", "0"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, clean(NO_COLOR="1"))
    said = b""
    while b"listening on" not in said:
        said += os.read(terminal, 4096)
    inner = program_below(pid)
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 4096):
            said += piece
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGINT, (status, said)
    assert gone(inner) and said.count(b"stopping") == 1, said


@trial("npm")
def a_program_that_is_killed_kills_the_shim_alike():
    process, inner = start_server([HOME / "npm/node_modules/.bin/smcheck"])
    os.kill(inner, signal.SIGKILL)
    assert process.wait(timeout=20) == -signal.SIGKILL


# The GitHub action

STAND_IN = """\
#!/usr/bin/env bash
[ "${1:-}" != --version ] || { echo "smcheck stand-in"; exit; }
printf '%s\\n' "$@" >arguments.txt
exit "${STAND_IN_CODE:-0}"
"""


def step(name: str, folder: pathlib.Path, code=0, **inputs: str) -> tuple[str, dict[str, str]]:
    """Runs a step's script as a runner does: what it said, and its outputs."""
    output = folder / "output.txt"
    output.write_text("", encoding="utf-8")
    variables = {f"SMCHECK_{key.upper()}": value for key, value in inputs.items()}
    env = clean(GITHUB_ACTION_PATH=str(ROOT / "packaging/action"), GITHUB_OUTPUT=str(output), RUNNER_TEMP=str(folder),
                GITHUB_WORKSPACE=str(folder), GITHUB_ACTIONS="true", npm_config_offline="true", **variables)
    said = call("bash", "--noprofile", "--norc", "-eo", "pipefail", ROOT / "packaging/action" / name, cwd=folder, env=env, code=code)
    return said, dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())


@trial("action")
def the_action_file_is_what_runners_read():
    call(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-actions", ROOT / "packaging/action/action.yml")
    scripts = [path for folder in ("packaging", "packaging/action", "tools") for path in ROOT.glob(f"{folder}/*.sh")]
    call(TOOLS / "shellcheck", "-x", *scripts, ROOT / ".ci/run", cwd=ROOT)
    text = (ROOT / "packaging/action/action.yml").read_text(encoding="utf-8")
    inputs = set(re.findall(r"^  ([a-z-]+):\n    description", text.split("\noutputs:")[0], re.MULTILINE))
    used = set(re.findall(r"\$\{\{ inputs\.([a-z-]+) \}\}", text))
    assert inputs and inputs == used, inputs ^ used
    # An input inside a command would be run by the shell.
    assert "${{" not in "".join(re.findall(r"^ +run:.*$", text, re.MULTILINE))
    given = set(re.findall(r"^ +(SMCHECK_[A-Z]+):", text, re.MULTILINE))
    steps = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "packaging/action").glob("*.sh"))
    read = set(re.findall(r"\$\{?(SMCHECK_[A-Z]+)", steps))
    assert given == read, given ^ read


@trial("action")
def the_action_installs_from_each_package():
    for number, source in enumerate([one("smcheck-*.whl"), one("smcheck-*.tgz"), PROGRAM]):
        said, outputs = step("install.sh", fresh(f"action-install-{number}"), **{"from": str(source)})
        assert said.strip().endswith(f"smcheck {VERSION}"), said
        assert call(outputs["program"], "--version").strip() == f"smcheck {VERSION}"


@trial("action")
def the_action_refuses_what_it_cannot_install():
    folder = fresh("action-refused")
    for source in ("nowhere", "nowhere.whl", str(folder)):
        said, outputs = step("install.sh", folder, code=2, **{"from": source})
        assert "::error" in said and not outputs, said
    said, _ = step("install.sh", folder, code=2, **{"from": "pypi", "version": "1.0; echo no"})
    assert "no version" in said, said


@trial("action")
def inputs_become_arguments_and_nothing_else():
    folder = fresh("action-arguments")
    program = folder / "stand-in"
    program.write_text(STAND_IN, encoding="utf-8")
    program.chmod(0o755)
    _, outputs = step(
        "run.sh", folder, program=str(program), target="moto\n  http://127.0.0.1:5000  \n\n", filters="labels/  a*b\n$(x)",
        scenarios="my scenarios", known="none", reports="json=a b.json\njunit=j.xml\n", partition="hash:1/4",
        arguments="--strict\n--timeout\n5",
    )
    arguments = (folder / "arguments.txt").read_text(encoding="utf-8").splitlines()
    assert arguments == [
        "run", "--target=moto", "--target=http://127.0.0.1:5000", "--scenarios=my scenarios", "--known=none",
        "--partition=hash:1/4", "--report=json=a b.json", "--report=junit=j.xml", "--report=github", "--strict", "--timeout",
        "5", "--", "labels/", "a*b", "$(x)",
    ], arguments
    assert outputs == {"junit": "j.xml", "exit-code": "0"}, outputs
    _, outputs = step("run.sh", folder, program=str(program), target="embedded")
    arguments = (folder / "arguments.txt").read_text(encoding="utf-8").splitlines()
    junit = str(folder / "smcheck-junit.xml")
    assert arguments == ["run", "--target=embedded", "--report=github", f"--report=junit={junit}"], arguments
    assert outputs == {"junit": junit, "exit-code": "0"}, outputs
    said, _ = step("run.sh", folder, code=2, program=str(program), target=" ")
    assert "target is empty" in said, said


@trial("action")
def the_action_runs_the_program():
    folder = fresh("action-run")
    said, outputs = step("run.sh", folder, program=str(PROGRAM), target="embedded", filters="labels/")
    assert outputs["exit-code"] == "0" and "<testsuites" in pathlib.Path(outputs["junit"]).read_text(encoding="utf-8"), said
    said, outputs = step("run.sh", wrong_scenario(), code=1, program=str(PROGRAM), target="embedded")
    assert outputs["exit-code"] == "1" and "::error" in said, said


def main() -> int:
    parts = sys.argv[1:] or ["static", "wheel", "npm", "action"]
    known = {part for part, _, _ in trials}
    if unknown := [part for part in parts if part not in known]:
        print(f"try.sh: no part is named {unknown[0]}; there are: {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    (HOME / "home").mkdir(parents=True, exist_ok=True)
    counts = {"passed": 0, "failed": 0}
    for part, name, function in trials:
        if part not in parts:
            continue
        try:
            function()
        except Exception as why:  # whatever it is, the others are tried too
            print(f"FAILED   {part}: {name}\n{type(why).__name__}: {why}", flush=True)
            counts["failed"] += 1
            continue
        counts["passed"] += 1
        print(f"passed   {part}: {name}", flush=True)
    print("trials: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


sys.exit(main())
