"""The way of one call, from the recording to what the rules say: one plain function."""
