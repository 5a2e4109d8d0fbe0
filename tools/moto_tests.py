"""A pytest plugin that runs moto's own tests against `smcheck serve --model`. tools/moto_tests.sh loads it.

moto's tests speak to a server when TEST_SERVER_MODE is true. Their server is emptied between tests by moto's reset
API; here every test gets a server of its own instead, on a port of its own, in the account that moto takes for
granted. SMCHECK names the program. The failures must be those of the file that EXPECTED names.
"""

import os
import re
import subprocess
import textwrap

import pytest
from moto.core import models as moto_core
from moto.core.config import default_user_config

# Whoever asks for anything but Secrets Manager finds nobody there. Port 9 is `discard`; no server may listen to it.
NOBODY = "http://127.0.0.1:9"


class Endpoint:
    """Where moto's tests send their calls: it changes from test to test, long after moto has first asked for it."""

    url = NOBODY

    def __get__(self, instance, owner):
        return self.url

    def __set__(self, instance, value):
        """Decorators set what they find in the environment; it is not wanted."""


ENDPOINT = Endpoint()
moto_core.ServerModeMockAWS._test_server_mode_endpoint = ENDPOINT
# moto would put credentials of its own into the environment for the length of a test, and take them out again.
default_user_config["core"]["mock_credentials"] = False


@pytest.fixture(autouse=True)
def server(request):
    """An empty server for each test."""
    command = [os.environ["SMCHECK"], "serve", "--model", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            url = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
            assert url, f"smcheck serve does not start: {line!r}"
            ENDPOINT.url = url.group(1)
            yield
        finally:
            ENDPOINT.url = NOBODY
            process.kill()


class Results:
    """What became of each test, held against the list of expected failures."""

    def __init__(self, config):
        self.outcomes = {}
        self.wrong = 0
        # A selection of the tests says nothing about the others.
        self.whole = not (config.option.keyword or config.option.markexpr or config.option.maxfail)

    def pytest_runtest_logreport(self, report):
        test = report.nodeid.removeprefix("tests/test_secretsmanager/")
        before = self.outcomes.get(test)
        if report.outcome == "failed" or before is None or (report.outcome == "skipped" and before != "failed"):
            self.outcomes[test] = report.outcome

    def pytest_sessionfinish(self, session):
        self.expected, self.by_chance = expected(os.environ["EXPECTED"])
        failed = {test for test, outcome in self.outcomes.items() if outcome == "failed"}
        self.surprises = sorted(failed - self.expected.keys())
        ran = self.outcomes.keys()
        gone = self.expected.keys() - ran if self.whole else set()
        self.mended = sorted(((self.expected.keys() & ran) - failed - self.by_chance) | gone)
        self.wrong = len(self.surprises) + len(self.mended)
        # Failures are expected here; what matters is whether they are these.
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED if self.wrong else pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter):
        write = terminalreporter.write_line
        files = sorted({test.split("::")[0] for test in self.outcomes})
        columns = ("passed", "failed", "skipped")
        write(f"{'':32}" + "".join(f"{column:>9}" for column in columns))
        for file in [*files, ""]:
            of = [outcome for test, outcome in self.outcomes.items() if test.startswith(file)]
            write(f"{file or 'all':32}" + "".join(f"{of.count(column):9}" for column in columns))
        shown = [test for test in sorted(self.expected) if self.outcomes.get(test) == "failed"]
        if shown:
            write("\nFailures that are expected:")
        for test in shown:
            write(f"  {test}")
            write(textwrap.fill(self.expected[test], 110, initial_indent="    ", subsequent_indent="    "))
        for title, tests in (
            ("Failures that are not expected:", self.surprises),
            ("Expected to fail, but they pass or are not there; take them off the list:", self.mended),
        ):
            if tests:
                write(f"\n{title}")
                for test in tests:
                    write(f"  {test}")


def expected(path):
    """The tests that are expected to fail, each with its reason, and those of them that may pass by chance.

    A line is `TEST  REASON`, two spaces between; a `~` before the test says that chance decides.
    """
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    reasons = dict(line.split("  ", 1) for line in lines if line and not line.startswith("#"))
    by_chance = {test.removeprefix("~") for test in reasons if test.startswith("~")}
    return {test.removeprefix("~"): reason for test, reason in reasons.items()}, by_chance


def pytest_configure(config):
    config.pluginmanager.register(Results(config))
