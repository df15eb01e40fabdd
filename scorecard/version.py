"""The product's version, as the CHANGELOG's top entry and every computation record name it."""

VERSION = "0.1.0"
