FROM a
RUN make install && echo "$HOME"
RUN ["/bin/echo", "a b", "\u00e9"]
RUN [ -f x ] && echo y
RUN ['single', 'quotes']
RUN ["a"] && b
RUN [ "a" , ]
