"""The artifact cache on board: files by digest, fetched in pieces, verified, evicted by age."""
