"""The policy that learns fastest, found by looking back from the end: an oracle for analysis, not a recipe to deploy.

"Towards Optimal Learning of Language Models", arXiv 2402.17759. How much each example counts at each step of plain
gradient descent is itself optimised, so that the area under the curve of a desired loss is least. The policy fits one
start, one set of examples and full batches.
"""
