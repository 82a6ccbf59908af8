"""The heartbeat: tells the ground what the satellite holds and hears what it is to hold."""
