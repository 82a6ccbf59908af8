"""The API of Perigee: its resources, its names, and what satellites and ground tell each other."""
