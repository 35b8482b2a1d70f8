"""Arrays in, arrays out: heart-rate series, variability and synchrony of two people."""
