"""Import path of the tutorial: `from core.encoding import DVSEncoder`."""
