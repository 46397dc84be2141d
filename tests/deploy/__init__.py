"""Everything in deploy/ and docs/operate.md, as far as it can be tried without a container or a cluster."""
