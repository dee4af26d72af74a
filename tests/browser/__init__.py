"""The pages, and the page that checks packs, in a browser: `make test-browser`."""
