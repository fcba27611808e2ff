"""Reports: plots of attributions and an HTML page of explanations."""
