"""What is added, written and drawn: the questions that the networks answer.

================= =================================================================
``carry``         binary addition with its carry, and how well one can do (04)
``grammar``       sentences whose entropy rate can be computed (03)
``text``          text by characters: preparing, measuring, writing (03)
``addition``      sums written as text: steps 1-6 of the pipeline (06)
``questions``     questions and answers as text, drawn and held out (09-13)
``terms``         sums of a variable number of terms; holding some out by arithmetic (10)
``operations``    questions with + - * / and their answers as text (11)
``programs``      small Python programs: drawn, run, split, encoded (14)
``captions``      drawn scenes and the sentences that describe them (15)
``caption_data``  captioned photographs in the layouts of Flickr30k and COCO (15)
================= =================================================================
"""
