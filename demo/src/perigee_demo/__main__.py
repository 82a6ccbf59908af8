"""``python -m perigee_demo``: as ``perigee-demo``."""

from perigee_demo.main import app

app()
