FROM a
RUN \
  x
\
USER me
