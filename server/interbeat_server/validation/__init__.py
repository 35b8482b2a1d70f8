"""`interbeat validate`: the program measured against simulations whose truth is known."""
