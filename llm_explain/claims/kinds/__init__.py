"""One module for each claim kind; ``ClaimKinds.installed`` finds them."""
