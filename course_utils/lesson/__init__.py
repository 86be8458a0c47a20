"""What every lesson needs, whatever it is about.

================= =================================================================
``budget``        how much a lesson may compute: ``smoke``, ``class``, ``full``
``results``       what a lesson measured, as data that prose and tests read
``plotting``      every figure of the course: palette, sizes, alt text
``cell_explorer`` the picture of an LSTM cell, to look at and to play with (01)
``setup_check``   is this computer ready? (00)
``backend``       Keras on TensorFlow, without its start-up messages
``files``         writing a file whole or not at all
================= =================================================================
"""
