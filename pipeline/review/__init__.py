"""The review desk: flagged calls, heard and judged in the browser."""
