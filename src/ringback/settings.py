"""Every setting, its default and its environment variable."""
