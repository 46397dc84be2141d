"""`linkcrawl links`: who links to a target."""
