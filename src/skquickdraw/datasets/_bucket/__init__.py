"""Files on a server: read in part, resumed, verified, and kept."""
