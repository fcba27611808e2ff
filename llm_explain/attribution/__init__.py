"""Attribution: exact Shapley values of a score, counterfactuals and what other scorers need."""
