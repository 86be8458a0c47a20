"""The small package that the lessons of *Learning to Carry* share.

One module per idea, in the order in which the course needs them:

================= =================================================================
``budget``        how much a lesson may compute: ``smoke``, ``class``, ``full``
``results``       what a lesson measured, as data that prose and tests read
``setup_check``   is this computer ready? (lesson 00)
``plotting``      every figure of the course: palette, sizes, alt text
``cell_explorer`` the picture of an LSTM cell, to look at and to play with (01)
``carry``         binary addition with its carry, and how well one can do (04)
``numpy_lstm``    an LSTM in NumPy: gradients, SGD, gradient check (02)
``grammar``       sentences whose entropy rate can be computed (03)
``text``          text by characters: preparing, measuring, writing (03)
``addition``      sums written as text: steps 1-6 of the pipeline (06)
``backend``       Keras on TensorFlow, without its start-up messages
``models``        the networks (05, 07)
``training``      training on one progress line, fast on two cores (01, 03, 05, 07)
``storage``       saving and loading without losing or executing anything (08)
``questions``     questions and answers as text, drawn and held out (09-13)
``seq2seq``       networks that answer a text with a text (09-13)
``shipped``       the trained networks that come with the course (09-15)
``terms``         sums of a variable number of terms; holding some out by arithmetic (10)
``operations``    questions with + - * / and their answers as text (11)
``practice``      training that comes back to what was wrong (11)
``attention``     a network that looks back at the question, and where it looks (13)
``programs``      small Python programs: drawn, run, split, encoded (14)
``captions``      drawn scenes and the sentences that describe them (15)
``captioning``    the network that describes pictures (15)
``caption_data``  captioned photographs in the layouts of Flickr30k and COCO (15)
``files``         writing a file whole or not at all
``checks``        what the tasks of an exercise ask for, and how answers are judged
``hand_in``       one zip that holds a learner's notebook and says what it is
``exercise``      checks, hints and points in a learner's notebook
``grading``       a class's hand-ins, run in a sandbox and judged outside of it
================= =================================================================

Importing ``course_utils`` imports none of them; only ``backend`` and what imports it load
TensorFlow.
"""

__version__ = "0.4.0"
