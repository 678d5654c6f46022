"""Moving a podcast here and away: a foreign feed read as far as can be, what is kept of it, rules that redirect."""
