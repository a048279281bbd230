FROM a
COPY --chown="user:group" --from='x' a b
RUN --mount=type=bind,target=/a\ b x
