FROM a
RUN one \
  # hidden
# hidden too
  two \

  three
