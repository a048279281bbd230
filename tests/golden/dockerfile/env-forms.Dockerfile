FROM a
ENV a=b c="d e" f='g $h' i=j\ k l= m=$a"x"
ENV legacy  the whole   rest "quoted"
ENV n=o \
    p="q \
    r"
ENV x="a=b" y==z
