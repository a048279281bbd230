FROM	a
RUN	x
ENV	a=b	 c=d
