"""What the doors share: settings, the clock, and one function that opens the services."""
