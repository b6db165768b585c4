from builders.network import sessions_are_closed

__all__ = ["sessions_are_closed"]
