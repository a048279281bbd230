# just a comment
# escape=`
FROM a
RUN echo `date` \
  more
