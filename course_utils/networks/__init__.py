"""What learns, how it is trained, and the trained networks that come with the course.

================= =================================================================
``numpy_lstm``    an LSTM in NumPy: gradients, SGD, gradient check (02)
``models``        the first networks (05, 07)
``training``      training on one progress line, fast on two cores (01, 03, 05, 07)
``storage``       saving and loading without losing or executing anything (08)
``seq2seq``       networks that answer a text with a text, and their revision (09-13)
``practice``      training that comes back to what was wrong (11)
``attention``     a network that looks back at the question, and where it looks (13)
``captioning``    the network that describes pictures (15)
``shipped``       the networks and tables in ``checkpoints/``, and how they were made (09-15)
================= =================================================================

Only ``numpy_lstm`` and ``shipped`` do without TensorFlow.
"""
