"""The window. Qt only; knows the engine through `app.engine_link` alone."""
