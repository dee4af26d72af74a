"""Who may knock: keys, what their roles may do, and the log of who looked."""
