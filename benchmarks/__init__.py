"""What the important steps cost, each beside a floor below which it cannot go: run `make bench`."""
