"""Files on a server: partial reads, resumed downloads, verification and a cache."""
