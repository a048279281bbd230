FROM a
RUN cat <<A >a && 3<<-'B' cat <<"C D" >b
1
A
	2
	B
3
C D
RUN cat <<<here x
RUN echo $((1<<2)) "<<NO"
