"""Import exports of a shop's order lines, whatever their columns are called (``llm-explain import flat``)."""
