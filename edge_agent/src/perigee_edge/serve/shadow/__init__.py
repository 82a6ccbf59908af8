"""A candidate's answers beside the stable revision's, for nobody but the comparison.

In the stable revision's server `mirror` hands some requests on, once they are answered, and counts
what comes of them; in the candidate's `double` answers them, and compares. `introduced` has the two
meet, and `wire` is what they say to each other.
"""
