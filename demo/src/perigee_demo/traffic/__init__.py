"""The steady client: requests at a fixed rate, counted one by one."""
