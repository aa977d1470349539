"""Personal data: found, masked, sealed, kept no longer than needed."""
