FROM a
COPY a b c/ /d/
COPY ["a b", "c d"]
COPY --from=0 --chown=1:2 --chmod=u=rwX,go=rX --link --parents \
     --exclude=*.o --exclude=**/tmp x/./y /z/
COPY --chmod=$m --link=false a b
COPY *.go [a-c]?.txt /src/
