FROM a
COPY <<E /e
E
RUN <<E
E
