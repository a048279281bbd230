FROM a
RUN one \
  two \   
	three
ENV a=1 \
    b=2 \
    c=3
