"""The door over HTTP, on a real ledger."""
