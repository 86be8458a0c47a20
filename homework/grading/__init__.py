"""Grading: what was handed in, run in a sandbox and judged outside of it.

============ ======================================================================
``reading``  hand-ins in a folder, read without extracting or executing anything
``rebuild``  the notebook that runs: the released exercise with the learner's answers
``withheld`` the course as the sandbox sees it: without what the tasks ask for
``wire``     plain data over a pipe: JSON with a length before it
``calls``    which calls of the system are refused there
``sandbox``  a process without network, files or privileges, under limits
``inside``   what runs there: the learner's cells and functions, on request
``texts``    what learners wrote, harmless wherever it is shown
``judging``  the checks, outside, calling what is inside
``manual``   marks by hand, as spreadsheets save them
``marks``    from results to marks: which hand-in counts, CSV files
``pages``    feedback for a learner, an overview for the teacher
``run``      the whole class: on all cores or many machines, and again after a crash
============ ======================================================================

Imports run from the bottom of this table to its top.
"""
