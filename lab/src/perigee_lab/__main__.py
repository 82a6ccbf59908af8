"""`python -m perigee_lab` is the command perigee-lab."""

from perigee_lab.main import app

app(prog_name="perigee-lab")
