"""Sockets, files and processes: the only folder that touches the world outside of the program."""
