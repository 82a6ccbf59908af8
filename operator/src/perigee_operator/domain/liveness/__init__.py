"""Dark or dead: what silence means, given when a satellite can be heard at all."""
