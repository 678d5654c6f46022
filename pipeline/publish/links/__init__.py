"""Link keeping: whether sources are still where the notes say, copies of them, and quotations looked up in those."""
