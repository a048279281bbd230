FROM a
RUN cat <<E && \
  cat <<F
1
E
2
F
