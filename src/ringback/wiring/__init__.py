"""Settings to live objects: the only place that picks concrete classes."""
