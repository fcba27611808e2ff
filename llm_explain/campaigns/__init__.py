"""Campaigns: whom to write to, what to offer and why, with a holdout group and verified lines (docs/campaigns.md)."""
