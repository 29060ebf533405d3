"""One module a page; each draws itself with ``render()``."""
