FROM a
RUN <<EOF
echo "$HOME" # kept
  # kept too
\
EOF
USER me
