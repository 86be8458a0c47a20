"""Which calls of the system the sandbox refuses: a filter for Linux's seccomp.

Refused is what namespaces and limits don't reach, and no answer needs: memory that counts for no
process, the keys of the session, sockets of families that know no network namespace, and some
doors into the kernel through which others have broken out.
"""

import platform
import struct

# By machine: its number in <linux/audit.h>, and those of its calls: socket; memfd_create, shmget,
# memfd_secret, add_key, request_key, keyctl, io_uring_setup, userfaultfd, bpf, perf_event_open.
CALLS = {
    "x86_64": (0xC000003E, 41, (319, 29, 447, 248, 249, 250, 425, 323, 321, 298)),
    "aarch64": (0xC00000B7, 198, (279, 194, 447, 217, 218, 219, 425, 282, 280, 241)),
}
FAMILIES = (1, 2, 10)  # of sockets: Unix, IPv4, IPv6
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, KILL = 0x7FFF0000, 0x80000000
NO_SUCH_CALL, NO_SUCH_FAMILY = 0x50000 + 38, 0x50000 + 97  # errors: ENOSYS, EAFNOSUPPORT
X32 = 0x40000000  # where the numbers of another set of calls begin


def refusing():
    """Return the filter as ``bwrap --seccomp`` reads it; empty on a machine that isn't known.

    A step is (what, steps to skip if true, if false, with which number).
    """
    if platform.machine() not in CALLS:
        return b""
    machine, socket, refused = CALLS[platform.machine()]
    steps = [(LOAD, 0, 0, 4), (IF_EQUAL, 1, 0, machine), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    steps += [(IF_AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)]
    for number in refused:
        steps += [(IF_EQUAL, 0, 1, number), (RETURN, 0, 0, NO_SUCH_CALL)]
    steps += [(IF_EQUAL, 1, 0, socket), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, 16)]
    for number in FAMILIES:
        steps += [(IF_EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    steps += [(RETURN, 0, 0, NO_SUCH_FAMILY)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
