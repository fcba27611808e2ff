"""The routes of ``/v1`` and of the operator."""
