"""What every log adapter stands on: bounded sources, tolerant values, and the runs that a log is found to hold."""
