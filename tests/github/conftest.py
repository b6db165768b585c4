from builders.network import _sessions_are_closed

__all__ = ["_sessions_are_closed"]
