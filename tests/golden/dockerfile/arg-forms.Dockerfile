ARG global
ARG g1=1 g2="a b"
FROM a
ARG a
ARG b=1 c=${b:-x} d
ARG e=
