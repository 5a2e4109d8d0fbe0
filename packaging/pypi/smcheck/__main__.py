"""``python -m smcheck`` becomes the program: exit codes and signals are its own."""

import os
import sys

from smcheck import program

try:
    path = program()
except FileNotFoundError as why:
    sys.exit(f"error: {why}")
os.execv(path, [path, *sys.argv[1:]])
