"""Become another program that does not outlive the one that started it.

Run as a script: ``python launch.py PARENT SIGNAL ACCOUNT -- PROGRAM ARGUMENTS...``. It takes the unprivileged ACCOUNT
(or ``-`` for none), asks Linux to send SIGNAL when the parent's thread ends, however it ends, and replaces itself by
PROGRAM. A program of its own because doing this between fork and exec of a threaded parent can deadlock, and after
the change of account because that change would clear the request (prctl(2), PR_SET_PDEATHSIG). Standard library only:
it is run with ``-I -S``.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Replace this process by the program; come back only with an error."""
    parent, number, account, separator, *program = arguments
    if separator != "--" or not program:
        raise SystemExit("launch: expected PARENT SIGNAL ACCOUNT -- PROGRAM ARGUMENTS...")
    if account != "-":
        user = pwd.getpwnam(account)
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != int(parent):
            raise SystemExit("launch: the parent is gone already")
    os.execvp(program[0], program)  # noqa: S606 - the purpose of this file


if __name__ == "__main__":
    main(sys.argv[1:])
