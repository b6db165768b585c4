"""A Sigstore instance on loopback: certificate authority, certificate and transparency log, timestamp authority.

Real libraries get real certificates, entries and timestamps from it, through a client trust configuration. Built on
``cryptography`` alone and on the specifications that each module names, so that it is a second opinion about them.
"""
