"""Grading: what was handed in, run in a sandbox and judged outside of it.

============ ======================================================================
``texts``    what learners wrote, harmless wherever it is shown
``results``  what came of a hand-in, and the file that keeps it
``reading``  hand-ins in a folder, read without extracting or executing anything
``rebuild``  the notebook that runs: the released exercise with the learner's answers
``withheld`` the course as the sandbox sees it: without what the tasks ask for
``wire``     plain data over a pipe: JSON with a length before it
``seccomp``  which calls of the system are refused in the sandbox
``sandbox``  a process without network, files or privileges, under limits
``kernel``   what runs in the sandbox: the learner's cells and functions, on request
``judging``  the checks, outside, calling what is inside
``manual``   marks by hand, as spreadsheets save them
``marks``    from results to marks: which hand-in counts, CSV files
``pages``    feedback for a learner, an overview for the teacher, from ``templates``
``worker``   one hand-in, graded by a process that may be one of many
``cluster``  where these processes are: on this machine, or on others
``run``      the whole class: what is new is graded, and again after a crash
============ ======================================================================

Each imports only what is above it, besides the rest of the course.
"""
