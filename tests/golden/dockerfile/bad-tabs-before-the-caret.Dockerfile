FROM a
	RUN	--newtork=none x
