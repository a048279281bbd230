FROM a
RUN --network=none x
RUN --network=host --security=insecure x
RUN --network=default --security=sandbox x
RUN --device=vendor.com/gpu=0,required --device=name=vendor.com/class x
RUN --network=$n x
