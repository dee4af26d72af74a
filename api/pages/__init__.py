"""The pages: the answers for people with a browser, from the same questions and keys."""
