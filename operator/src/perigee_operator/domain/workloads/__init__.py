"""The native objects that a model is made of, as Perigee wants them."""
