FROM a
ADD --chown=äö --lnik a b
