"""What the dearest request of each kind costs the gateway, and those who use it at the same time."""
