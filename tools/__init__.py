"""What maintainers run, by `make` or as ``python -m tools.NAME``.

================= =================================================================
``notebooks``     where the notebooks are, what is in them, writing one whole
``running``       running notebooks with papermill: one or many, and what came of it
``fingerprints``  are the committed outputs those of the code as it is now?
``tidying``       committed outputs, made anew in place
``replay``        committed notebooks run again, and compared as a reader sees them
``kernels``       arithmetic kernels: the same sums, as other processors compute them
``lessons``       the commands for all that: `make run`, `make notebooks`
``processors``    the replay with all kernels: `make test-processors`
``exercises``     exercises from solutions, and a learner's own copies
``recipes``       what the shipped networks are trained with, and tried on
``checkpoints``   training what is shipped: `make checkpoints`
``sweeps``        a part of a lesson, run many times: `make sweep`
``hand_ins``      hand-ins to try grading with: right, wrong and hostile ones
``grading_bench`` how fast a class is graded
``bench``         what the course claims about speed: `make bench`
================= =================================================================
"""
