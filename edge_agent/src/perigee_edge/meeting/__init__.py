"""How a candidate's server and the stable revision's on the same satellite come together.

They share no directory that either could write to. Both reach the agent's socket beside the
artifacts, though: the candidate's gives it one end of a connected pair of sockets, as an open file
(SCM_RIGHTS), and the agent passes that on to the stable revision's. What the two say to each other
then goes through no third process.
"""
