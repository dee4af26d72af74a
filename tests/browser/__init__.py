"""The page that checks packs, in a browser: `make test-browser`."""
