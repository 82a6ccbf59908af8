module perigee.space/tests/beacon

go 1.24.0
