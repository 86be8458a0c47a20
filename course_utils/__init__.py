"""The small package that the lessons of *Learning to Carry* share.

============ ======================================================================
``lesson``   what every lesson needs: budget, results, figures, Keras
``data``     what is added, written and drawn: the questions that the networks answer
``networks`` what learns, how it is trained, and the trained networks of the course
============ ======================================================================

Imports run from the bottom of this table to its top. Importing ``course_utils`` imports none of it,
and TensorFlow is loaded only by what needs it. It knows nothing of ``homework``.
"""

__version__ = "0.5.0"
