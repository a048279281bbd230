FROM a
LABEL name="größe ☃" 
RUN echo "äöü"
COPY ["ä b", "/ü"]
