"""Reverie's engine: live video in, stylised video out. No Qt; start at `engine.api.Engine`."""
