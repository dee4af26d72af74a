"""What every database must do, tried on each."""
