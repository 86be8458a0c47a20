"""Homework: from opening an exercise to the marks of a class.

============== ======================================================================
``describing`` values in words: how an answer differs, what was expected, what came
``checks``     what the tasks of an exercise ask for, and how an answer is judged
``tasks``      the checks themselves: one module an exercise, written by hand
``limits``     stopping the learner's code when its time is up
``hand_in``    one zip that holds a learner's notebook and says what it is
``exercise``   checks, hints and points in a learner's notebook
``grading``    a class's hand-ins, run in a sandbox and judged outside of it
============== ======================================================================

``python -m homework hand-in`` and ``python -m homework grade`` are the commands. Lessons need none
of it, and ``course_utils`` knows nothing of it.
"""
