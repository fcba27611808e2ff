"""Read finished sentences without the words that wrote them."""
