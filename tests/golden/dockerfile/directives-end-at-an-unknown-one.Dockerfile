# colour=blue
# escape=`
FROM a
RUN x \
  y
