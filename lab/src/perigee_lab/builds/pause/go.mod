module perigee.space/lab/pause

go 1.24.0
