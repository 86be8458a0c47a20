"""Which calls of the system the sandbox refuses: a filter for Linux's seccomp.

Refused is what namespaces and limits don't reach, and no answer needs: memory that counts for no
process, the keys of the session, sockets of families that know no network namespace, and some
doors into the kernel through which others have broken out.
"""

import platform
import struct

from system_calls import syscalls

REFUSED = (
    "memfd_create",
    "shmget",
    "memfd_secret",
    "add_key",
    "request_key",
    "keyctl",
    "io_uring_setup",
    "userfaultfd",
    "bpf",
    "perf_event_open",
)
FAMILIES = (1, 2, 10)  # of sockets: Unix, IPv4, IPv6
# By machine: its number in <linux/audit.h>, and what the package system-calls names it.
MACHINES = {"x86_64": (0xC000003E, "x86_64"), "aarch64": (0xC00000B7, "arm64")}
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, KILL = 0x7FFF0000, 0x80000000
NO_SUCH_CALL, NO_SUCH_FAMILY = 0x50000 + 38, 0x50000 + 97  # errors: ENOSYS, EAFNOSUPPORT
X32 = 0x40000000  # where the numbers of another set of calls begin


def refusing(machine: str | None = None) -> bytes:
    """Return the filter as ``bwrap --seccomp`` reads it; empty for a machine that isn't known.

    A step is (what, steps to skip if true, if false, with which number).

    Args:
        machine: as `platform.machine` names it; by default this one.
    """
    machine = machine or platform.machine()
    if machine not in MACHINES:
        return b""
    number_of_machine, name = MACHINES[machine]
    numbers = {call: syscalls().get(call, name) for call in ("socket", *REFUSED)}
    steps = [(LOAD, 0, 0, 4), (IF_EQUAL, 1, 0, number_of_machine), (RETURN, 0, 0, KILL)]
    steps += [(LOAD, 0, 0, 0), (IF_AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)]
    for call in REFUSED:
        steps += [(IF_EQUAL, 0, 1, numbers[call]), (RETURN, 0, 0, NO_SUCH_CALL)]
    steps += [(IF_EQUAL, 1, 0, numbers["socket"]), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, 16)]
    for family in FAMILIES:
        steps += [(IF_EQUAL, 0, 1, family), (RETURN, 0, 0, ALLOW)]
    steps += [(RETURN, 0, 0, NO_SUCH_FAMILY)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
