"""The HTTP endpoint that a storefront puts in production."""
