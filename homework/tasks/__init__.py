"""The checks of the exercises: one module an exercise, named as its notebook.

``checks.load`` reads them; what they are written with stands in `homework.checks`.
"""
