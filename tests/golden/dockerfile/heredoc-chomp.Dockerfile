FROM a
RUN <<-EOF
	echo a
		echo b
	EOF
COPY <<-X /x
		line
	  two
	X
