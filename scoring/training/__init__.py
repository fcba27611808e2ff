"""Training: fit, calibrate and measure a scorer."""
