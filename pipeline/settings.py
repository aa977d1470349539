"""Settings: what an operator may choose, from the command line, the environment and a TOML file."""
