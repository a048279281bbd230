FROM a
COPY <<one <<"two" plain /d/
$a
one
$b
two
ADD --chmod=755 <<'E' /e
\$x
E
