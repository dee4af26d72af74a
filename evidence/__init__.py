"""How it is proven: bytes in, a verified object or a `VerificationError` out. Runs alone.

Made of the standard library and `cryptography`, so that an auditor can read and run it without the
rest of the ledger. Nothing here opens a file, reads a clock or talks to anybody; only the command,
`__main__`, reads the files it is given.
"""
