FROM a
RUN x
  COPPY a b
