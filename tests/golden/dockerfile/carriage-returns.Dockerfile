FROM a
RUN x \
  y
COPY <<E /e
one
two
E
USER me
