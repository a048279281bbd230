FROM a
RUN ["echo", "<<EOF"]
COPY ["<<E", "/e"]
USER me
