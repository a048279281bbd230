FROM a
ONBUILD COPY . /app
onbuild run make
ONBUILD RUN --mount=type=cache,target=/c x
ONBUILD RUN <<E
echo
E
ONBUILD COPY <<-F /f
	x
	F
ONBUILD ENV a=b
