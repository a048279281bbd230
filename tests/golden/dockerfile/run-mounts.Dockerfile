FROM a
RUN --mount=target=. --mount=type=bind,source=/s,target=/t,from=b,rw \
    --mount=type=cache,id=apt,target=/var/cache/apt,sharing=locked,mode=0700,uid=1,gid=2 \
    --mount=type=tmpfs,dst=/tmp,size=64m --mount=type=secret,id=s,target=/s,required,mode=0440 \
    --mount=type=secret,id=e,env=TOKEN --mount=type=ssh,id=k,required=true apt-get update
RUN --mount=type=cache,target=$dir,id=${id:-x} y
