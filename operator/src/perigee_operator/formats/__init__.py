"""Files of orbital elements, as catalogues publish them."""
