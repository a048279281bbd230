

# one

   # two
FROM a

  # three
	RUN x # not a comment
