"""Request and response models of ``/v1``, and the problem documents."""
