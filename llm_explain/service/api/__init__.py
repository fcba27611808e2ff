"""The HTTP interface: routes, their dependencies, authentication and pages."""
