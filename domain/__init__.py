"""What can happen between an owner, its partners and its assets, and what it means. Pure."""
