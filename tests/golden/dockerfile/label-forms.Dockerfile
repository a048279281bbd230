FROM a
LABEL "com.example.a"="b c" d=e
LABEL legacy the rest
LABEL multi="one\
 two"
