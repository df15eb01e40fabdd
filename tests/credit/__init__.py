"""Lower levels after mitigation: what they rest on, and the safeguards that they credit."""
