"""Finds the program ``smcheck`` that came with this package."""

import os
import sys
import sysconfig
from typing import Iterator

__all__ = ["program"]


def program() -> str:
    """The path of the program, for ``subprocess``.

    Looked for where pip puts scripts: in this environment, below ``--target`` or ``--prefix``, or in the user's folder. A
    program of that name elsewhere on PATH is another version and is not taken.

    :raises FileNotFoundError: when it is in none of them.
    """
    folders = list(dict.fromkeys(_folders()))
    for folder in folders:
        path = os.path.join(folder, "smcheck")
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"the program smcheck is in none of {', '.join(folders)}; install the package again")


def _folders() -> Iterator[str]:
    here = os.path.dirname(os.path.abspath(__file__))
    packages = os.path.dirname(here)
    # pip install --target puts scripts beside the packages, --prefix three levels above them.
    yield os.path.join(packages, "bin")
    yield os.path.join(packages, "..", "..", "..", "bin")
    yield sysconfig.get_path("scripts")
    yield sysconfig.get_path("scripts", scheme=_user_scheme())


def _user_scheme() -> str:
    if sys.version_info >= (3, 10):
        return sysconfig.get_preferred_scheme("user")
    return "posix_user"
