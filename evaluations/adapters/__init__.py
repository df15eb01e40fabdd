"""One module per log format: a received file in, the runs it holds out. Adapters do not know each other."""
