ARG V=1
FROM a:$V AS build
RUN make
FROM build AS test
RUN make check
FROM scratch
COPY --from=build /out /
COPY --from=1 /report /
COPY --from=nginx:1.25 /etc/nginx /etc/nginx
